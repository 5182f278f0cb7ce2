"""The only importer of pm4py. (Provisional: the discovery builder replaces this file.)"""
