"""What the program does when something goes wrong: kills, damaged files, a machine that has too little of something.

    python -m benchmarks.faults [--smoke] [--only PART] [--share X] [--case PART/KIND/SEED]

Start here: a part (`kills`, `resume`, `damage`, `environment`) has kinds of cases, and `attempt(kind, seed, folder)`
tries one of them, decided by the seed alone. `worker` runs cases in processes of their own, so that a crash or a hang
ends one of them and is counted; `__main__` adds up what came of them.
"""
