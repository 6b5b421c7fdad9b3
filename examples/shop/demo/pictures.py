"""Draws the demo's pictures: plain SVG of a few shapes, the same for the same product."""

import hashlib


def _chance(seed):
    """Numbers from 0 to 1 that depend on the seed only."""
    counter = 0
    while True:
        for byte in hashlib.sha256(f"{seed} {counter}".encode()).digest():
            yield byte / 255
        counter += 1


def _bits(colors, seed, count, x, y, width, height, size):
    chance = _chance(seed)
    bits = []
    for i in range(count):
        cx, cy, r = x + next(chance) * width, y + next(chance) * height, size * (0.6 + 0.8 * next(chance))
        bits.append(f'<circle cx="{cx:.0f}" cy="{cy:.0f}" r="{r:.0f}" fill="{colors[i % len(colors)]}"/>')
    return "".join(bits)


def _bowl(colors, seed):
    return (
        f'<path d="M40 110a80 50 0 0 1 160 0z" fill="{colors[0]}"/>{_bits(colors[1:], seed, 11, 65, 80, 110, 22, 8)}'
        '<path d="M32 108h176c0 50-36 82-88 82s-88-32-88-82z" fill="#34607d"/><path d="M48 128h144" stroke="#fff" stroke-width="5" opacity=".5"/>'
    )


def _plate(colors, seed):
    return (
        '<circle cx="120" cy="120" r="92" fill="#fff"/><circle cx="120" cy="120" r="70" fill="#eef1f3"/>'
        f'<path d="M70 125c0-40 35-52 62-44s50 30 38 60-100 34-100-16z" fill="{colors[0]}"/>{_bits(colors[1:], seed, 9, 82, 92, 74, 56, 9)}'
    )


def _burger(colors, seed):
    chance = _chance(seed)
    seeds = "".join(f'<ellipse cx="{70 + next(chance) * 100:.0f}" cy="{68 + next(chance) * 24:.0f}" rx="4" ry="2.5" fill="#fff3d0"/>' for _ in range(9))
    return (
        f'<path d="M45 110c0-50 35-64 75-64s75 14 75 64z" fill="{colors[0]}"/>{seeds}<path d="M40 112q20 18 40 0t40 0 40 0 40 0v12H40z" fill="#7cb342"/>'
        f'<rect x="44" y="124" width="152" height="14" fill="{colors[2]}"/><rect x="42" y="138" width="156" height="24" rx="12" fill="{colors[1]}"/>'
        f'<path d="M46 166h148c0 22-12 30-30 30H76c-18 0-30-8-30-30z" fill="{colors[0]}"/>'
    )


def _cake(colors, seed):
    layers = "".join(f'<path d="M50 {100 + 24 * i}h140v12H50z" fill="{colors[i % 2]}"/><path d="M50 {112 + 24 * i}h140v12H50z" fill="{colors[1 - i % 2]}"/>' for i in range(4))
    return f'{layers}<path d="M50 100l70-34 70 34z" fill="{colors[2]}"/>{_bits([colors[1], colors[2]], seed, 6, 85, 78, 70, 16, 6)}<rect x="36" y="194" width="168" height="8" rx="4" fill="#b0bec5"/>'


def _glass(colors, seed):
    return (
        f'<path d="M75 60h90l-12 142H87z" fill="#e3f2f7"/><path d="M79 92h82l-9 106H88z" fill="{colors[0]}"/><ellipse cx="120" cy="92" rx="41" ry="8" fill="{colors[1]}"/>'
        f'<path d="M128 88l24-58 12 4" stroke="{colors[2]}" stroke-width="6" fill="none"/>{_bits([colors[1]], seed, 7, 92, 112, 52, 70, 5)}'
    )


_SHAPES = {"breakfast": _plate, "rice-bowl": _bowl, "salad": _bowl, "chicken": _plate, "beef": _plate, "burger": _burger, "cake": _cake, "juice": _glass}
_BACKGROUNDS = {"breakfast": "#fff4dc", "rice-bowl": "#e8f3ee", "salad": "#eef7e1", "chicken": "#fdeee0", "beef": "#f7e6e3", "burger": "#fff0d5", "cake": "#fbeaf0", "juice": "#e4f4fb"}


def draw(category, name, colors, seed):
    """An SVG picture of 240 by 240 units; `name` is its title."""
    title = name.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240" role="img"><title>{title}</title>'
        f'<rect width="240" height="240" fill="{_BACKGROUNDS[category]}"/><ellipse cx="120" cy="206" rx="86" ry="10" fill="#000" opacity=".08"/>'
        f"{_SHAPES[category](colors, seed)}</svg>\n"
    )
