"""Reading layers, in this process or in a reader process beside the screen."""
