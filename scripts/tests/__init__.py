"""Proofs of the scripts and of what they deploy; scripts/test-infra runs them."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
