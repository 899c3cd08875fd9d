"""tf.Examples: reading, preprocessing, drawing shots."""
