"""Operations on images: decoding, framing, augmentation, pictures for people."""
