"""`capliquify demo`: the main job from nothing to a summary, over real servers and workers."""
