"""Proofs of the scripts and of what they deploy; scripts/checks/infra runs them."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "scripts" / "lib"), str(ROOT / "deploy" / "tools")]
