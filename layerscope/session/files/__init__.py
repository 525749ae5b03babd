"""One file of an image: its versions, its bytes by the page, how two versions differ, a copy of it."""
