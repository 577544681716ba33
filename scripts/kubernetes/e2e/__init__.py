"""The end-to-end test of scripts/e2e: a real kube-apiserver in front of the local cloud.

Python 3.9 or later and its standard library only. Everything listens on the loopback interface, on free
ports. Everything that is started is stopped by its process id.
"""
