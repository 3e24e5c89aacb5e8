"""`python -m seqnet` is `seqnet`."""

from seqnet.cli.main import main

if __name__ == "__main__":
    main()
