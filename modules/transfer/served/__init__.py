"""The start from what is served: whether it fits, and which run's product it is.

The component that finds the served version decides, and writes its weights by name beside it: then
it is a Model artifact like the pretrained one. The trainer takes it, or the pretrained model where
it does not fit.
"""
