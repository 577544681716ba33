"""What deploy/render-config, deploy/rotate-token and deploy/doctor have in common.

Python 3.9 or later and its standard library only: these scripts run on laptops and on
control-plane nodes, where nothing can be counted on to be installed.
"""
