"""Random mutations of valid inputs."""

from __future__ import annotations

import random

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 2**40, 2**63 - 1, 2**64 - 1)
_MOST_CHANGES = 6


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Changes a few places of an input.

    Args:
        data: A valid input.
        chance: Decides what and where.

    Returns:
        Another input, most often not valid.
    """
    changed = bytearray(data)
    for _ in range(chance.randint(1, _MOST_CHANGES)):
        begin = chance.randint(0, len(changed))
        end = min(len(changed), begin + chance.choice((1, 1, 2, 4, 8, 32)))
        change = chance.randrange(6)
        if change == 0:
            changed[begin:end] = chance.randbytes(end - begin)
        elif change == 1:
            del changed[begin:end]
        elif change == 2:
            changed[begin:begin] = changed[begin:end] * chance.randint(1, 8)
        elif change == 3:
            del changed[begin:]
        elif change == 4:
            size = chance.choice((1, 2, 4, 8))
            number = chance.choice(_NUMBERS) % 256**size
            changed[begin : begin + size] = number.to_bytes(size, chance.choice(("big", "little")))
        else:
            changed[begin:begin] = chance.choice((b"\0", b"{", b"[", b"&a ", b"*a", b"!!", b": "))
    return bytes(changed)
