"""What deploy/render-config, deploy/rotate-token and deploy/doctor share.

Python 3.9 or later and its standard library only: the tools run on laptops and on control-plane nodes,
where nothing else is sure to be installed.
"""
