"""What a drawn smear may be made of. Lengths are for a field of 224 pixels."""

from dataclasses import dataclass

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class RedCells:
    """Discs, pale in the middle, darker where they lie on each other."""

    count: tuple[int, int]
    radius: float
    spread: float  # of the radius
    colour: Colour
    variation: float  # of how dark they are
    together: float  # share that sticks to another
    apart: float  # the nearest two centres may be, in radii
    pale: float  # how much thinner a cell's middle is
    pale_width: float  # of the radius
    edge: float  # softness of the outline in pixels
    rim: float  # how much thicker the edge is
    flat: float = 0.45
    ragged: float = 0.03
    halo: float = 0.05  # brightness around a cell that lies out of focus
    deepest: float = 1.15  # cells on each other: so many times one cell's darkness at most
    uneven: float = 0.13  # of the thickness
    crenated: float = 0.03  # how far the outlines of the worst are notched
    lean: float = 0.2  # how much thicker one side is than the other
    haze: float = 0.06  # the blurred shadow of the cells on the plasma about them, of their darkness
    solid: float = 0.2  # share without a pale middle, seen from the side or on each other


@dataclass(frozen=True, slots=True)
class Nucleated:
    """White cells and blasts of one sort."""

    count: tuple[int, int]
    radius: float
    spread: float  # of the radius
    nucleus: Colour
    cytoplasm: Colour
    share: tuple[float, float]  # of the cell's radius that is nucleus
    aside: float  # how far the nucleus lies from the cell's middle, in radii
    chromatin: float  # how much it is clumped, in levels of grey
    variation: float  # between cells, in levels of grey
    ragged: float
    flat: float = 0.4
    rim: float = 8.0  # how much darker the nucleus' edge is, in levels of grey
    together: float = 0.3
    edge: float = 1.2
    grain: float = 2.0  # of the chromatin, in pixels
    blotches: float = 4.0  # coarser unevenness, in levels of grey


@dataclass(frozen=True, slots=True)
class Smear:
    """A field: its light, its cells, and what else lies about."""

    field: Colour
    corners: Colour  # what is taken off the light towards the corners
    tint: Colour  # what is taken off here and there
    red: RedCells
    cells: tuple[Nucleated, ...]
    smudges: tuple[int, int]  # burst cells
    smudge: Colour
    smudge_radius: float
    platelets: tuple[int, int]
    blur: tuple[float, float]
    grain: float
    mottle: float = 1.0  # unevenness of the plasma, in levels of grey
    speckle: float = 2.0  # of the colour, in levels, as chips with one filter a pixel give it
    fringe: float = 0.6  # how much less sharp blue is, in pixels: lenses focus it elsewhere
    quality: int = 94
