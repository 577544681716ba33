"""The end-to-end test of scripts/e2e: a real kube-apiserver in front of the local cloud.

Python 3.9 or later and its standard library only. Everything listens on the loopback interface, on
free ports, and everything that is started is ended by its process id.
"""
