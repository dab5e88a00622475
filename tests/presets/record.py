#!/usr/bin/env python3
"""Records what other implementations of FAVOR+ put out, for the tests of the presets.

    record.py --google DIR     draws the inputs, runs the packages, writes tests/data/presets/*.npy
    record.py --check          computes every case again, in fp64 with the formula of
                               src/host/kinds.h, and prints the differences; needs numpy alone

A tool for whoever adds a preset or a case. Neither the build nor the tests nor CI run it: the files
are in the repository. The packages and their versions are in requirements.txt. DIR is a folder with
performer/fast_attention/{jax,tensorflow}/fast_attention.py of google-research/google-research on
GitHub, which is no package: at commit 0c1bbe5fc971a1de1a427debc814e66ab4f1e7fa, of which the
recording used the functions of the forward pass, without the gradients.

Inputs: q [B,H,L,D], k [B,H,S,D], v [B,H,S,E], W [M,D] with rows as projections, mask uint8 [B,S]
with 1 for a key that counts. Outputs: out [B,H,L,E], one file per row of CASES, named
  PRESET_KIND[_causal][_masked][_deterministic][_short|_large|_long].npy
Input sets, standard normal but for `large`:
  ""       B=2 H=2 L=S=40 D=16 E=5 M=32   q k v W mask
  "short"  the same with L=24             short_q
  "large"  the same with norms 3 times    large_q large_k: constants of every preset decide
  "long"   B=1 H=1 L=S=128 D=64 E=5 M=64  long_q long_k long_v long_W: eps of features decides

Invariant: the packages get the fp32 values of the files, and their fp32 output is stored as it is.
"""
import argparse
import math
import pathlib
import sys

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "data" / "presets"

PRESETS = ("google-jax", "google-tf", "performer-pytorch", "fast-transformers")
SOFTMAX_KIND = dict(zip(PRESETS, ("exp", "exp", "exp", "cosh")))

CASES = [
    f"{preset}_{SOFTMAX_KIND[preset] if kind == 'softmax' else kind}{options}"
    for kind, options, presets in (
        ("softmax", "", PRESETS),
        ("softmax", "_causal", PRESETS),
        ("softmax", "_short", PRESETS),
        ("softmax", "_large", PRESETS),
        ("softmax", "_long", PRESETS),
        ("softmax", "_causal_long", PRESETS),
        ("softmax", "_masked", ("google-jax", "performer-pytorch", "fast-transformers")),
        ("softmax", "_causal_masked", ("performer-pytorch", "fast-transformers")),
        ("relu", "", PRESETS),
        ("relu", "_causal", PRESETS),
        ("relu", "_masked", ("performer-pytorch", "fast-transformers")),
        ("relu", "_deterministic", ("google-jax", "google-tf")),
        ("f-exp", "", ("google-jax", "performer-pytorch")),
        ("gelu", "", ("google-jax", "performer-pytorch")),
        ("elu1", "_causal_deterministic", ("fast-transformers",)),
    )
    for preset in presets
]


class Case:
    """A name of CASES taken apart, with its inputs."""

    def __init__(self, name):
        self.name = name
        self.preset, self.kind, *options = name.split("_")
        self.causal = "causal" in options
        self.masked = "masked" in options
        self.deterministic = "deterministic" in options
        inputs = next((name for name in ("short", "large", "long") if name in options), "")
        self.q, self.k, self.v = (load_of(inputs, name) for name in "qkv")
        self.W = None if self.deterministic else load_of(inputs, "W")
        self.mask = load("mask").astype(bool) if self.masked else None
        self.softmax = self.kind == SOFTMAX_KIND[self.preset]


def load(name):
    return np.load(FOLDER / f"{name}.npy")


def load_of(inputs, name):
    """A set has files of its own for what it changes, and shares the others."""
    own = f"{inputs}_{name}"
    return load(own if (FOLDER / f"{own}.npy").exists() else name)


def draw_inputs():
    """The same files on every run: a generator whose stream numpy keeps fixed."""
    generator = np.random.RandomState(20210209)

    def normal(name, *shape, times=1):
        x = generator.standard_normal(shape) * times
        np.save(FOLDER / f"{name}.npy", x.astype(np.float32))

    normal("q", 2, 2, 40, 16)
    normal("k", 2, 2, 40, 16)
    normal("v", 2, 2, 40, 5)
    normal("W", 32, 16)
    normal("short_q", 2, 2, 24, 16)
    normal("large_q", 2, 2, 40, 16, times=3)
    normal("large_k", 2, 2, 40, 16, times=3)
    normal("long_q", 1, 1, 128, 64)
    normal("long_k", 1, 1, 128, 64)
    normal("long_v", 1, 1, 128, 5)
    normal("long_W", 64, 64)
    # Holes, a padded end, and a first key that is masked: a causal row 0 sees no key there.
    mask = np.ones((2, 40), np.uint8)
    mask[0, 29:] = 0
    mask[0, 7] = 0
    mask[1, :3] = 0
    mask[1, 20:31:2] = 0
    np.save(FOLDER / "mask.npy", mask)


# The packages. Each takes and returns tensors as the files hold them.


def heads_last(x):
    return np.ascontiguousarray(np.swapaxes(x, 1, 2))


def run_google_jax(case):
    import jax
    from performer.fast_attention.jax import fast_attention as package

    columns = case.q.shape[-1]
    if case.softmax:
        attend = package.make_fast_softmax_attention(
            columns, nb_features=len(case.W), ortho_features=False, redraw_features=False,
            unidirectional=case.causal)
    else:
        functions = {"relu": jax.nn.relu, "f-exp": jax.numpy.exp,
                     "gelu": lambda x: jax.nn.gelu(x, approximate=False)}
        attend = package.make_fast_generalized_attention(
            columns, nb_features=0 if case.deterministic else len(case.W),
            features_type="deterministic" if case.deterministic else "iid",
            kernel_fn=functions[case.kind], unidirectional=case.causal)
    attend.__self__.projection_matrix = case.W
    # The layer above (attention_module.py) multiplies values by the mask, and does nothing else.
    v = case.v if case.mask is None else case.v * case.mask[:, None, :, None]
    return heads_last(np.asarray(attend(*map(heads_last, (case.q, case.k, v)))))


def run_google_tf(case):
    import tensorflow as tf
    from performer.fast_attention.tensorflow import fast_attention as package

    features = (package.softmax_kernel_transformation if case.softmax
                else package.relu_kernel_transformation)
    W = None if case.W is None else tf.constant(case.W)
    q, k, v = (tf.constant(heads_last(x)) for x in (case.q, case.k, case.v))
    return heads_last(package.favor_attention(q, k, v, features, case.causal, W).numpy())


def run_performer_pytorch(case):
    """Through the layer that takes the mask: its linear maps are set to pick q, k and v out of
    their inputs, one after the other, which is exact."""
    import torch
    from performer_pytorch.performer_pytorch import Attention

    functions = {"relu": torch.relu, "f-exp": torch.exp, "gelu": torch.nn.functional.gelu}
    B, H, _, D = case.q.shape
    columns = case.v.shape[-1]
    inner = H * D
    v = np.concatenate([case.v, np.zeros(case.v.shape[:-1] + (D - columns,), np.float32)], -1)
    q, k, v = (torch.from_numpy(heads_last(x).reshape(B, -1, inner)) for x in (case.q, case.k, v))
    layer = Attention(2 * inner, causal=case.causal, heads=H, dim_head=D, nb_features=len(case.W),
                      generalized_attention=not case.softmax,
                      kernel_fn=functions.get(case.kind)).eval()
    one, zero = torch.eye(inner), torch.zeros(inner, inner)
    with torch.no_grad():
        layer.to_q.weight.copy_(torch.cat([one, zero], 1))
        layer.to_k.weight.copy_(torch.cat([one, zero], 1))
        layer.to_v.weight.copy_(torch.cat([zero, one], 1))
        layer.to_out.weight.copy_(torch.cat([one, zero], 0))
        layer.to_out.bias.zero_()
        layer.fast_attention.projection_matrix.copy_(torch.from_numpy(case.W))
        mask = None if case.mask is None else torch.from_numpy(case.mask)
        out = layer(torch.cat([q, torch.zeros_like(q)], -1), context=torch.cat([k, v], -1),
                    context_mask=mask)
    out = out[..., :inner].reshape(B, -1, H, D).numpy()
    return heads_last(out)[..., :columns]


def run_fast_transformers(case):
    import torch
    from fast_transformers import masking
    from fast_transformers.attention import CausalLinearAttention, LinearAttention
    from fast_transformers.feature_maps import Favor, GeneralizedRandomFeatures, elu_feature_map

    B, _, L, D = case.q.shape
    S = case.k.shape[2]
    if case.softmax:
        feature_map = Favor.factory(n_dims=2 * len(case.W), deterministic_eval=True)
    elif case.deterministic:
        feature_map = elu_feature_map
    else:
        feature_map = GeneralizedRandomFeatures.factory(n_dims=len(case.W),
                                                        deterministic_eval=True)
    layer = (CausalLinearAttention if case.causal else LinearAttention)(D, feature_map).eval()
    if case.W is not None:
        layer.feature_map.omega.copy_(torch.from_numpy(case.W.T.copy()))
    attend = masking.TriangularCausalMask(L) if case.causal else masking.FullMask(L, S)
    keys = (masking.LengthMask(torch.full((B,), S)) if case.mask is None
            else masking.FullMask(torch.from_numpy(case.mask)))
    queries = masking.LengthMask(torch.full((B,), L))
    q, k, v = (torch.from_numpy(heads_last(x)) for x in (case.q, case.k, case.v))
    with torch.no_grad():
        return heads_last(layer(q, k, v, attend, queries, keys).numpy())


RUN = dict(zip(PRESETS, (run_google_jax, run_google_tf, run_performer_pytorch,
                         run_fast_transformers)))


def record(google):
    sys.path.insert(0, google)
    FOLDER.mkdir(exist_ok=True)
    draw_inputs()
    for name in CASES:
        case = Case(name)
        out = RUN[case.preset](case)
        assert out.dtype == np.float32 and out.shape == case.q.shape[:-1] + case.v.shape[-1:]
        np.save(FOLDER / f"{name}.npy", np.ascontiguousarray(out))


# The formula of src/host/kinds.h in fp64.

FEATURE_EPS = {"google-jax": 1e-6, "google-tf": 1e-6, "performer-pytorch": 1e-4}
KERNEL_EPS = {"google-jax": 1e-3, "google-tf": 1e-3, "performer-pytorch": 1e-3}
FUNCTIONS = {
    "relu": lambda u: np.maximum(u, 0),
    "f-exp": np.exp,
    "gelu": lambda u: u * (1 + np.vectorize(math.erf)(u / math.sqrt(2))) / 2,
    "elu1": lambda u: np.where(u > 0, u + 1, np.exp(np.minimum(u, 0))),
}


def scale_of(case):
    D = case.q.shape[-1]
    if case.softmax or case.preset == "performer-pytorch":
        return D ** -0.5
    if case.preset == "google-tf" and not case.deterministic:
        return 1 / len(case.W)
    return 1.0


def features(case, x, key, eps):
    """a of kinds.h; for the pairs of fast-transformers without a shift."""
    x = x.astype(np.float64) * math.sqrt(scale_of(case))
    u = x if case.deterministic else x @ case.W.astype(np.float64).T
    if not case.softmax:
        return FUNCTIONS[case.kind](u) + (KERNEL_EPS.get(case.preset, 0) if eps else 0)
    g = (x * x).sum(-1, keepdims=True) / 2
    if case.kind == "cosh":
        return np.exp(np.concatenate([u, -u], -1) - g)
    top = u.max((-2, -1) if key else -1, keepdims=True)
    return np.exp(u - g - top) + (FEATURE_EPS[case.preset] if eps else 0)


def formula(case, eps=True):
    """out, and the denominators; eps=False leaves every constant of the preset away."""
    aq, ak = features(case, case.q, False, eps), features(case, case.k, True, eps)
    r = aq.shape[-1] ** -0.5 if case.softmax else 1.0
    weights = r * r * aq @ np.swapaxes(ak, -1, -2)
    if case.causal:
        weights = np.tril(weights)
    values = case.v.astype(np.float64)
    if case.mask is not None and case.preset == "fast-transformers":
        weights = weights * case.mask[:, None, None, :]
    elif case.mask is not None:
        values = values * case.mask[:, None, :, None]
    den = weights.sum(-1, keepdims=True)
    if eps and case.preset == "performer-pytorch" and case.causal:
        den = den + 1e-6 * r * aq.sum(-1, keepdims=True)
    if eps and case.preset == "fast-transformers":
        den = den + 1e-6
    raw = den
    if eps and case.preset == "google-jax" and case.softmax:
        den = np.where(np.abs(den) <= 1e-6, den + 2e-6, den)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(den == 0, 0, weights @ values / den), raw


def check():
    """One line a case. `difference` and `eps moves` are relative to max|v|; rows whose denominator
    is within 1e-4 of the guard are left out, as rounding decides there."""
    print(f"{'case':48} difference  eps moves  rows   guarded  left out")
    for name in CASES:
        case = Case(name)
        recorded = load(name)
        out, den = formula(case)
        jumps = case.preset == "google-jax" and case.softmax
        near = (np.abs(np.abs(den) / 1e-6 - 1) < 1e-4 if jumps else np.zeros_like(den, bool))
        guarded = np.count_nonzero(np.abs(den) <= 1e-6) if jumps else 0
        unit = np.abs(case.v).max()
        difference = np.abs(np.where(near, 0, recorded - out)).max() / unit
        moves = np.abs(formula(case, eps=False)[0] - out).max() / unit
        print(f"{name:48} {difference:10.1e} {moves:10.1e} {den.size:5} {guarded:9}"
              f" {np.count_nonzero(near):9}")
        if not difference < 1e-5:
            sys.exit(f"{name}: {difference:.1e} is more than rounding")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--google", metavar="DIR", help="record; DIR holds performer/")
    what.add_argument("--check", action="store_true", help="compare the files with the formula")
    arguments = parser.parse_args()
    check() if arguments.check else record(arguments.google)


if __name__ == "__main__":
    main()
