"""Whether labels fit their images, as far as the pretrained model can tell."""
