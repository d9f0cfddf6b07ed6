# %% [markdown]
# # 1 · A chapter for tests

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

from cs231n_lib import check, check_prediction, plots, start_chapter

start_chapter("01_mini")
plots.use_course_style()

# %% [markdown]
# ### Exercise 1.1 · Affine forward (5 points)

# %% tags=["exercise"]
def affine_forward(x, w, b):
    """Return (out, cache)."""
    ### BEGIN SOLUTION
    return x @ w + b, (x, w)
    ### END SOLUTION

# %% tags=["check"]
check("affine_forward", affine_forward)

# %% tags=["exercise"]
def affine_backward(dout, cache):
    """Return (dx, dw, db)."""
    ### BEGIN SOLUTION
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)
    ### END SOLUTION

# %% tags=["check"]
check("affine_backward", affine_backward)

# %% tags=["exercise"]
def relu(x):
    """Return max(0, x)."""
    ### BEGIN SOLUTION
    return np.maximum(0, x)
    ### END SOLUTION

# %% tags=["check"]
check("relu", relu)

# %% tags=["exercise"]
def softmax(scores):
    """Return probabilities."""
    ### BEGIN SOLUTION
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
    ### END SOLUTION

# %% tags=["check"]
check("softmax", softmax)

# %% [markdown] name="why_softmax" tags=["written"]
# ### BEGIN SOLUTION
# Because it is positive and adds up to one.
# ### END SOLUTION

# %% tags=["predict"]
my_guess = None  # a number

# %% tags=["experiment"]
plt.plot(relu(np.linspace(-1, 1)))
plt.show()
check_prediction(my_guess, 1.0)
