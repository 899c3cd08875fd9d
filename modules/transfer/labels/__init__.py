"""Whether labels fit their images, as far as the pretrained model can tell."""

# Written by TransferReport beside its page.
LABEL_AUDIT_FILE = "label_audit.json"
