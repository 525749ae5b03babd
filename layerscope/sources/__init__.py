"""Where bytes come from: archives, folders, engines, and the walk over a layer's tar."""
