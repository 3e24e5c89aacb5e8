"""Programs for the development of seqnet; each is run by itself."""
