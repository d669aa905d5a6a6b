"""What the smears of each class are made of. Lengths are for a field of 224 pixels."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

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


SMEARS: Mapping[str, Smear] = MappingProxyType(
    {
        "Benign": Smear(
            field=(240, 240, 240),
            corners=(31, 22, 10),
            tint=(14, 11, 12),
            red=RedCells(
                count=(99, 175),
                radius=7.6,
                spread=0.12,
                colour=(178, 187, 213),
                variation=0.32,
                together=0.38,
                apart=1.3,
                pale=0.61,
                pale_width=0.41,
                edge=1.38,
                rim=0.06,
                flat=0.5,
                ragged=0.08,
                halo=0.03,
                deepest=1.02,
                uneven=0.038,
                crenated=0.041,
                lean=0.099,
                haze=0.028,
                solid=0.23,
            ),
            cells=(
                Nucleated(
                    count=(1, 5),
                    radius=12.5,
                    spread=0.19,
                    nucleus=(156, 128, 246),
                    cytoplasm=(173, 168, 252),
                    share=(0.70, 0.99),
                    aside=0.11,
                    chromatin=9,
                    variation=9.9,
                    ragged=0.08,
                    flat=0.4,
                    rim=10.8,
                    together=0.29,
                    edge=1.14,
                    grain=2.0,
                    blotches=3.84,
                ),
                Nucleated(
                    count=(1, 8),
                    radius=7.6,
                    spread=0.2,
                    nucleus=(94, 69, 233),
                    cytoplasm=(153, 144, 249),
                    share=(0.78, 0.99),
                    aside=0.14,
                    chromatin=6.3,
                    variation=11.2,
                    ragged=0.08,
                    flat=0.22,
                    rim=10.9,
                    together=0.3,
                    edge=0.9,
                    grain=3.29,
                    blotches=4.85,
                ),
            ),
            smudges=(1, 4),
            smudge=(204, 174, 230),
            smudge_radius=19.0,
            platelets=(0, 3),
            blur=(0.41, 0.82),
            grain=1.75,
            mottle=0.94,
            speckle=6.0,
            fringe=1.22,
            quality=96,
        ),
        "Early": Smear(
            field=(244, 255, 255),
            corners=(38, 34, 10),
            tint=(2, 0, 9),
            red=RedCells(
                count=(66, 156),
                radius=7.8,
                spread=0.13,
                colour=(173, 188, 220),
                variation=0.21,
                together=0.25,
                apart=1.21,
                pale=0.75,
                pale_width=0.5,
                edge=0.53,
                rim=0.024,
                flat=0.5,
                ragged=0.012,
                halo=0.041,
                deepest=1.0,
                uneven=0.076,
                crenated=0.05,
                lean=0.2,
                haze=0.14,
                solid=0.19,
            ),
            cells=(
                Nucleated(
                    count=(5, 8),
                    radius=12.6,
                    spread=0.095,
                    nucleus=(134, 108, 247),
                    cytoplasm=(150, 134, 246),
                    share=(0.86, 0.99),
                    aside=0.023,
                    chromatin=9.7,
                    variation=10.4,
                    ragged=0.065,
                    flat=0.25,
                    rim=9.8,
                    together=0.3,
                    edge=0.83,
                    grain=1.32,
                    blotches=4.36,
                ),
            ),
            smudges=(0, 2),
            smudge=(215, 166, 226),
            smudge_radius=9.5,
            platelets=(0, 14),
            blur=(0.49, 0.5),
            grain=2.02,
            mottle=0.37,
            speckle=2.96,
            fringe=1.25,
            quality=85,
        ),
        "Pre": Smear(
            field=(240, 251, 248),
            corners=(45, 43, 22),
            tint=(12, 11, 8),
            red=RedCells(
                count=(59, 103),
                radius=8.9,
                spread=0.1,
                colour=(144, 179, 236),
                variation=0.23,
                together=0.22,
                apart=1.42,
                pale=0.85,
                pale_width=0.49,
                edge=2.7,
                rim=0.022,
                flat=0.36,
                ragged=0.029,
                halo=0.025,
                deepest=1.52,
                uneven=0.1,
                crenated=0.025,
                lean=0.12,
                haze=0.19,
                solid=0.25,
            ),
            cells=(
                Nucleated(
                    count=(14, 28),
                    radius=13.6,
                    spread=0.14,
                    nucleus=(149, 123, 240),
                    cytoplasm=(146, 144, 251),
                    share=(0.86, 0.94),
                    aside=0.05,
                    chromatin=12.0,
                    variation=12,
                    ragged=0.045,
                    flat=0.44,
                    rim=5.7,
                    together=0.46,
                    edge=0.71,
                    grain=1.42,
                    blotches=4.44,
                ),
            ),
            smudges=(1, 4),
            smudge=(199, 172, 253),
            smudge_radius=19.0,
            platelets=(0, 5),
            blur=(0.67, 0.69),
            grain=0.52,
            mottle=0.98,
            speckle=1.08,
            fringe=1.04,
            quality=94,
        ),
        "Pro": Smear(
            field=(240, 246, 243),
            corners=(11, 10, 7),
            tint=(3, 4, 0),
            red=RedCells(
                count=(126, 224),
                radius=6.8,
                spread=0.022,
                colour=(171, 192, 219),
                variation=1.71,
                together=0.51,
                apart=1.02,
                pale=0.85,
                pale_width=0.64,
                edge=3.0,
                rim=0.097,
                flat=0.27,
                ragged=0.001,
                halo=0.045,
                deepest=1.0,
                uneven=0.023,
                crenated=0.011,
                lean=0.47,
                haze=0.13,
                solid=0.3,
            ),
            cells=(
                Nucleated(
                    count=(7, 11),
                    radius=10.1,
                    spread=0.1,
                    nucleus=(200, 158, 253),
                    cytoplasm=(192, 178, 253),
                    share=(0.83, 0.85),
                    aside=0.034,
                    chromatin=6.5,
                    variation=15.0,
                    ragged=0.08,
                    flat=0.24,
                    rim=6.2,
                    together=0.34,
                    edge=1.2,
                    grain=1.22,
                    blotches=2.43,
                ),
            ),
            smudges=(0, 1),
            smudge=(216, 201, 255),
            smudge_radius=11.8,
            platelets=(0, 2),
            blur=(0.77, 0.91),
            grain=1.6,
            mottle=0.43,
            speckle=1.06,
            fringe=1.5,
            quality=96,
        ),
    }
)
