"""Which peers there are, and why others are not there."""
import importlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from . import machine
from .peer import Peer

# Package -> the module that needs it.
MODULES = {
    "clfavor": "peers_clfavor",
    "torch": "peers_torch",
    "performer-pytorch": "peers_performer",
    "jax": "peers_jax",
    "pytorch-fast-transformers": "peers_fast_transformers",
}


@dataclass
class Registry:
    peers: dict[str, Peer] = field(default_factory=dict)
    package: dict[str, str] = field(default_factory=dict)  # name of a peer -> package
    versions: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)  # package -> why


def why_missing(package: str, error: Exception) -> str:
    """The error, and what the installer noted in the environment."""
    note = Path(sys.prefix) / f"{package}.failed"
    return f"{error}. {note.read_text().strip()}" if note.exists() else str(error)


def load(packages: Iterable[str] = MODULES) -> Registry:
    """Imports the modules; one whose package is missing or broken is noted."""
    machine.claim_threads()
    registry = Registry()
    for package in packages:
        try:
            module = importlib.import_module(f".{MODULES[package]}", __package__)
        except (ImportError, OSError) as error:
            registry.missing[package] = why_missing(package, error)
            continue
        registry.peers.update((peer.name, peer) for peer in module.PEERS)
        registry.package.update((peer.name, package) for peer in module.PEERS)
        registry.versions.update(module.VERSIONS)
    return registry
