"""OncePusher: TFX's Pusher, safe to retry."""
