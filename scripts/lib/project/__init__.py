"""What the scripts of this project share; what operators run is in deploy/tools/ecr_admission.

Python 3.9 or later and its standard library only.
"""
