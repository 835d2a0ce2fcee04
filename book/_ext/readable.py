"""Formulas as words: for descriptions, names of results and what a search shows, where nothing is typeset."""

import re

from docutils import nodes

# What the book's macros and the commonest commands look like in a line of text; anything else makes an ellipsis.
SIGNS = {
    "Wmm": "Wᵐᵐ", "Wstar": "W*", "Wfin": "W°", "Wp": "Wᵖ", "Wd": "Wᵈ", "WB": "W_B", "PF": "P_F", "Pp": "P_⊥",
    "Fp": "F^⊥", "F": "F", "V": "V", "R": "ℝ", "E": "E", "Prob": "P", "CE": "CE", "CEF": "CE_F", "Ent": "H",
    "hb": "h", "Hb": "H", "pHat": "p̂", "piHat": "π̂", "qHat": "q̂", "Sj": "S_j", "T": "ᵀ", "one": "1", "lse": "lse",
    "softmax": "softmax", "argmin": "argmin", "argmax": "argmax", "log": "log", "exp": "exp", "min": "min",
    "max": "max", "tr": "tr", "rank": "rank", "dim": "dim", "inf": "inf", "sup": "sup", "infty": "∞", "to": "→",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "varepsilon": "ε", "eta": "η", "theta": "θ",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "varphi": "φ", "chi": "χ", "ell": "ℓ", "nabla": "∇", "partial": "∂", "perp": "⊥", "star": "*", "cdot": "·",
    "times": "×", "le": "≤", "ge": "≥", "ne": "≠", "in": "∈", "notin": "∉", "subset": "⊂", "cap": "∩", "cup": "∪",
    "sum": "∑", "dots": "…", "ldots": "…", "approx": "≈", "pm": "±", "prime": "′", "mathcal": "", "mathrm": "",
    "mathsf": "", "mathbf": "", "bar": "", "hat": "", "widehat": "", "tilde": "", "operatorname": "", "text": "",
    "Bigl": "", "Bigr": "", "bigl": "", "bigr": "", "left": "", "right": "", "quad": " ", "qquad": " ",
}  # fmt: skip
ELLIPSIS = "…"
COMMAND = re.compile(r"\\([A-Za-z]+)( ?)")
NORM = re.compile(r"\\norm\s*(?:\{([^{}]*)\}|(\\?\w+))")


def formula(tex):
    """Return a formula as a few characters of text, an ellipsis where it cannot be said in one line."""
    text = NORM.sub(lambda found: f"‖{found[1] or found[2]}‖", tex)
    text = re.sub(r"\\[,;:! ]|~", " ", text)
    text = COMMAND.sub(_sign, text)
    text = re.sub(r"[{}]", "", text)
    return ELLIPSIS if "\\" in text else " ".join(text.split())


def _sign(found):
    sign = SIGNS.get(found[1], found[0])
    # An accent belongs to what follows.
    return sign + found[2] if sign else ""


def words(node):
    """Return what a node says, without footnotes' marks and with its formulas as text."""
    if isinstance(node, nodes.math | nodes.math_block):
        return formula(node.astext())
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, nodes.footnote_reference | nodes.raw | nodes.comment | nodes.system_message):
        return ""
    return "".join(words(child) for child in node.children)


def setup(app):
    """Nothing to connect: a module that other extensions import."""
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
