#!/usr/bin/env python3
"""The Python environments of these tests, made with pip under build/venvs when they are not there.

2.9.2 is the oldest client that is tried, without a server. 3.17.2 is the whole package: it is the
real server that we are compared with, and the client of everything else here.

    environments.py VERSION      makes it, and prints the path of its Python
"""
import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
FOLDER = os.path.join(ROOT, "build", "venvs")
PACKAGES = {
    "2.9.2": ["mlflow-skinny==2.9.2", "scikit-learn", "pandas", "numpy"],
    "3.17.2": ["mlflow==3.17.2", "psutil==7.2.2", "scikit-learn==1.9.1", "pandas==3.1.1",
               "numpy==2.4.6"],
}


def environment(version):
    """The Python of that environment; made whole or not at all."""
    packages = PACKAGES[version]
    folder = os.path.join(FOLDER, f"mlflow-{version}-{digest(packages)}")
    python = os.path.join(folder, "bin", "python")
    marker = os.path.join(folder, "complete")
    if not os.path.exists(marker):
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                        *packages], check=True, stdin=subprocess.DEVNULL)
        open(marker, "w").close()
    return python


def digest(packages):
    return hashlib.sha256(" ".join(packages).encode()).hexdigest()[:8]


if __name__ == "__main__":
    print(environment(sys.argv[1]))
