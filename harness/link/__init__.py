"""Links: a TCP proxy on the way to a dependency, which can be made to misbehave.

Toxics and the HTTP API are those of Toxiproxy (github.com/Shopify/toxiproxy); what is ours beside
says so. With no toxic on, a link passes on what comes and costs next to nothing.
"""
