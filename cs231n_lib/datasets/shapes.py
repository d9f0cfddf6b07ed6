"""Draw `shapes`: ten classes of 32x32 colour images on which raw pixels do as badly as on CIFAR-10.

Used by `cs231n_lib.data.load("shapes")`. Every image is one shape at a random place, size, tilt and
tint on a random cloudy background, with noise. Four facts make the set behave as photographs do:

- the shape moves by up to `SHIFT` pixels, so that a template or a neighbour rarely lines up;
- the shape is sometimes darker than its background, so that one template cannot fit a class;
- the background varies more than the shape, so that most of a distance is background;
- tints lean a little towards a hue of the class (as ships lean towards blue), which is what a
  linear classifier lives on.

The constants below were chosen so that the ladder of CIFAR-10 shows: nearest neighbour about 29 %,
linear about 36 %, the best fully connected networks about 60 %. `benchmarks/shapes_ladder.py`
measures it. It is the noise that holds the networks back; neighbours and lines hardly mind it.
"""

from functools import lru_cache

import numpy as np

CLASS_NAMES = (
    "circle", "square", "triangle", "diamond", "cross",
    "star", "ring", "frame", "crescent", "arrow",
)  # fmt: skip
SIZE = 32
SPLITS = ("train", "val", "test")
BLOCK = 1000  # images drawn together; split, seed and block number make the random stream

SHIFT = 4.5  # pixels, the centre's largest distance from the middle, in x and in y
RADIUS = (6.5, 11.0)  # pixels
TILT = 0.3  # radians to either side
BACKGROUND = (0.25, 0.65)  # grey level of the background before its tint
BACKGROUND_TINT = 0.28  # largest change of one colour channel of the background
SHAPE_TINT = 0.25  # the same for the shape
CONTRAST = (0.2, 0.6)  # how far the shape's grey level is from the background's
DARK = 0.12  # share of shapes darker than their background
SHAPE_HUE, BACKGROUND_HUE = 0.20, 0.10  # lean towards the hue of the class
SLOPE = 0.2  # largest change of light from the middle to an edge
CLOUDS, CLOUD_KNOTS = 0.38, 5  # strength of the cloudy texture, and its knots per side
NOISE = 0.14  # standard deviation of the noise in one pixel's channel


def _star(u, v):
    """Signed distance to the nearest edge line of a five-pointed star with its tip up."""
    tip, notch, wedge = 1.25, 0.5, 2 * np.pi / 5
    angle = np.abs((np.arctan2(u, -v) + wedge / 2) % wedge - wedge / 2)
    radius = np.hypot(u, v)
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    dx, dy = notch * np.cos(wedge / 2) - tip, notch * np.sin(wedge / 2)
    return ((x - tip) * dy - y * dx) / np.hypot(dx, dy)


def _arrow(u, v):
    """Signed distance (roughly) to an arrow that points right."""
    head = np.maximum(0.7071 * (np.abs(v) + u) - 0.75, -0.1 - u)
    shaft = np.maximum(np.abs(v) - 0.3, np.maximum(-1.05 - u, u - 0.2))
    return np.minimum(head, shaft)


def _cross(u, v):
    """Signed distance (roughly) to a plus sign."""
    a, b = np.abs(u), np.abs(v)
    return np.minimum(np.maximum(a - 1.05, b - 0.36), np.maximum(a - 0.36, b - 1.05))


# One function a class, in the order of CLASS_NAMES: coordinates (u right, v down, radius about 1)
# to a number that is negative inside and near the edge is the distance from it.
_EDGES = (
    lambda u, v: np.hypot(u, v) - 1,
    lambda u, v: np.maximum(np.abs(u), np.abs(v)) - 0.86,
    lambda u, v: np.maximum(0.866 * np.abs(u) - 0.5 * v, v) - 0.58,
    lambda u, v: (np.abs(u) + np.abs(v) - 1.15) * 0.7071,
    _cross,
    _star,
    lambda u, v: np.abs(np.hypot(u, v) - 0.82) - 0.24,
    lambda u, v: np.abs(np.maximum(np.abs(u), np.abs(v)) - 0.76) - 0.2,
    lambda u, v: np.maximum(np.hypot(u, v) - 1.05, 0.85 - np.hypot(u - 0.5, v)),
    _arrow,
)


def _draw_masks(labels, rng):
    """Return how much of each pixel the shape covers, shape (N, 32, 32), between 0 and 1."""
    N = len(labels)
    cx, cy = SIZE / 2 - 0.5 + rng.uniform(-SHIFT, SHIFT, (2, N, 1, 1))
    radius = rng.uniform(*RADIUS, (N, 1, 1))
    tilt = rng.uniform(-TILT, TILT, (N, 1, 1))
    grid = np.arange(SIZE, dtype=float)
    x, y = grid[None, None, :] - cx, grid[None, :, None] - cy
    cos, sin = np.cos(tilt) / radius, np.sin(tilt) / radius
    u, v = cos * x + sin * y, cos * y - sin * x
    masks = np.empty((N, SIZE, SIZE), np.float32)
    for label, edge in enumerate(_EDGES):
        mine = labels == label
        # half a pixel to either side of the edge is shaded: no jagged lines
        masks[mine] = np.clip(0.5 - edge(u[mine], v[mine]) * radius[mine], 0, 1)
    return masks


def _draw_clouds(N, rng):
    """Return smooth random textures (N, 32, 32, 3): knots on a coarse grid, joined bilinearly."""
    knots = rng.uniform(-1, 1, (N, CLOUD_KNOTS, CLOUD_KNOTS, 3)).astype(np.float32)
    at = np.linspace(0, CLOUD_KNOTS - 1, SIZE)
    left = np.minimum(at.astype(int), CLOUD_KNOTS - 2)
    share = (at - left).astype(np.float32)[:, None]
    rows = knots[:, left] * (1 - share[:, None]) + knots[:, left + 1] * share[:, None]
    return rows[:, :, left] * (1 - share) + rows[:, :, left + 1] * share


def _draw_block(rng):
    """Draw `BLOCK` images (uint8) and their labels, every class equally often."""
    labels = rng.permutation(np.arange(BLOCK) % len(CLASS_NAMES))
    masks = _draw_masks(labels, rng)[..., None]

    # ten hues around the colour wheel, neighbours in the list of classes far apart
    angle = 2 * np.pi * 0.3 * labels[:, None] - 2 * np.pi / 3 * np.arange(3)
    hue = np.cos(angle)  # (N, 3)
    ground = rng.uniform(*BACKGROUND, (BLOCK, 1))
    ground = ground + BACKGROUND_TINT * rng.uniform(-1, 1, (BLOCK, 3))
    sign = np.where(rng.random((BLOCK, 1)) < DARK, -1, 1)
    figure = ground + sign * rng.uniform(*CONTRAST, (BLOCK, 1))
    figure = figure + SHAPE_TINT * rng.uniform(-1, 1, (BLOCK, 3)) + SHAPE_HUE * hue
    ground = ground + BACKGROUND_HUE * hue

    slope_x, slope_y = rng.uniform(-SLOPE, SLOPE, (2, BLOCK, 1, 1))
    grid = np.linspace(-1, 1, SIZE)
    light = slope_x * grid + slope_y * grid[:, None]  # (N, 32, 32)

    images = _draw_clouds(BLOCK, rng)  # (N, 32, 32, 3) float32, and everything is added to it
    images *= CLOUDS
    images += ground[:, None, None, :]
    images += masks * (figure - ground).astype(np.float32)[:, None, None, :]
    images += light[..., None]
    images += np.float32(NOISE) * rng.standard_normal(images.shape, dtype=np.float32)
    return np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8), labels


@lru_cache(maxsize=8)
def draw_split(split, num, seed):
    """Draw the first `num` images of one split.

    Images are drawn in blocks of 1,000 with a random stream each, so that fewer images are the
    first of more, and the three splits of a seed never share an image. In a whole block every
    class appears equally often.

    Parameters
    ----------
    split : {'train', 'val', 'test'}
    num : int
        Number of images, at least 1; there is no largest.
    seed : int
        Not negative. Another seed is another dataset of the same kind.

    Returns
    -------
    images : ndarray, shape (num, 32, 32, 3), uint8
        Read-only: the last few results are kept in memory (never on disk) and handed out again.
    labels : ndarray, shape (num,), int64
        Positions in `CLASS_NAMES`, read-only.
    """
    blocks = [
        _draw_block(np.random.default_rng([seed, SPLITS.index(split), block]))
        for block in range(-(-num // BLOCK))
    ]
    images = np.concatenate([images for images, _ in blocks])[:num]
    labels = np.concatenate([labels for _, labels in blocks])[:num].astype(np.int64)
    images.flags.writeable = labels.flags.writeable = False
    return images, labels
