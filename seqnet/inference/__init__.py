"""Applying a classifier to sequences.

Start here: `class_probabilities` in `engine` is the one way from tokens to probabilities, in validation, evaluation
and prediction; `predictor` streams files through it; `writers` puts the rows down.
"""
