"""The course's one style for figures, and the few pictures that several chapters draw.

Notebooks import it in their setup cell; everything else is plain matplotlib in the notebook.
"""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np

# Okabe and Ito's palette (2008): eight colours that colour-blind readers can tell apart.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442", "#000000",
)
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK)


def use_course_style() -> None:
    """Set matplotlib's defaults for the course: size, fonts, colours, light grid."""
    plt.rcParams.update({
        "figure.figsize": (7.0, 3.6),
        "figure.dpi": 80,
        "figure.constrained_layout.use": True,
        "axes.prop_cycle": plt.cycler(color=COLOURS),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "grid.alpha": 0.25,
        "image.cmap": "gray",
        "image.interpolation": "nearest",
        "legend.frameon": False,
        "lines.linewidth": 1.8,
        "font.size": 10,
    })


def show_images(images, *, titles=None, columns=10, title="", size=0.9, colours=None):
    """Draw images in a grid.

    Parameters
    ----------
    images : array, shape (N, H, W, 1), (N, H, W, 3) or (N, H, W)
        Values outside [0, 1] are rescaled to it, each image by itself.
    titles : sequence of str, optional
        One above each image.
    columns : int
        Images in a row.
    size : float
        Width of one image in inches.
    colours : sequence of str, optional
        A colour for each title, for example RED for the wrong ones.

    Returns
    -------
    matplotlib.figure.Figure
    """
    images = np.asarray(images, dtype=float)
    rows = -(-len(images) // columns)
    extra = 0.25 if titles is not None else 0.0
    figure, axes = plt.subplots(
        rows, columns, squeeze=False,
        figsize=(columns * size, rows * (size + extra) + (0.4 if title else 0)),
    )
    for i, axis in enumerate(axes.flat):
        axis.axis("off")
        if i >= len(images):
            continue
        image = images[i]
        low, high = image.min(), image.max()
        if low < 0 or high > 1:
            image = (image - low) / max(high - low, 1e-12)
        axis.imshow(image.squeeze(), vmin=0, vmax=1)
        if titles is not None:
            colour = colours[i] if colours is not None else BLACK
            axis.set_title(titles[i], fontsize=8, loc="center", color=colour, weight="normal")
    if title:
        figure.suptitle(title, fontsize=11, weight="bold", x=0.01, ha="left")
    return figure


def show_weights(W, image_shape, *, titles=None, columns=10, title="", size=0.9):
    """Draw the columns of W (D, M) as images of `image_shape` (H, W, C), each rescaled."""
    count = min(W.shape[1], 4 * columns)
    images = W[:, :count].T.reshape(count, *image_shape)
    low = images.min(axis=(1, 2, 3), keepdims=True)
    high = images.max(axis=(1, 2, 3), keepdims=True)
    images = (images - low) / np.maximum(high - low, 1e-12)
    return show_images(images, titles=titles, columns=columns, title=title, size=size)


def decision_regions(predict, X, y, *, axis=None, steps=200, margin=0.5):
    """Colour the plane by `predict(points (M, 2)) -> labels` and draw the points X (N, 2), y."""
    axis = axis or plt.gca()
    low, high = X.min(0) - margin, X.max(0) + margin
    grid_x, grid_y = np.meshgrid(
        np.linspace(low[0], high[0], steps), np.linspace(low[1], high[1], steps)
    )
    labels = np.asarray(predict(np.column_stack([grid_x.ravel(), grid_y.ravel()])))
    count = int(max(y.max(), labels.max())) + 1
    labels = labels.reshape(grid_x.shape)
    for label in range(count):
        # Class by class: contours of the labels themselves would put a seam of class 1 between
        # neighbouring regions of classes 0 and 2.
        if (labels == label).any():
            axis.contourf(
                grid_x, grid_y, labels == label, levels=[0.5, 1.5], colors=[COLOURS[label]],
                alpha=0.25,
            )
        axis.scatter(*X[y == label].T, s=14, color=COLOURS[label], edgecolors="white", lw=0.4,
                     zorder=2)
    axis.grid(False)
    return axis


def animate(draw, frames: int, *, figure=None, seconds_per_frame=0.12):
    """Return an animation as a GIF that plays in any notebook viewer, without a kernel.

    Parameters
    ----------
    draw : callable
        `draw(i)` changes the figure to show frame i.
    frames : int
        Number of frames; about 30 keeps a notebook small.
    figure : matplotlib.figure.Figure, optional
        The figure that is drawn on; default: the current one. It is closed at the end.
    """
    from IPython.display import Image as Shown
    from PIL import Image

    figure = figure or plt.gcf()
    pictures = []
    for i in range(frames):
        draw(i)
        figure.canvas.draw()
        pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
        pictures.append(Image.fromarray(pixels).quantize(64))
    plt.close(figure)
    out = io.BytesIO()
    pictures[0].save(
        out, "GIF", save_all=True, append_images=pictures[1:], loop=0, optimize=True,
        duration=int(1000 * seconds_per_frame),
    )
    return Shown(data=out.getvalue(), format="gif")
