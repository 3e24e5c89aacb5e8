"""Tokens → logits: an encoder, a network, and the handling of both DNA strands."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.network_base import LONGEST_WINDOW, NETWORKS, WIDEST, NetworkConfig
from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import SettingError
from seqnet.nn.descriptors import Descriptors
from seqnet.nn.encoders import make_encoder
from seqnet.nn.kmer_profiles import KmerProfile
from seqnet.nn.layers import Head, dropped
from seqnet.nn.networks.base import Dimensions, Network
from seqnet.nn.networks.cnn import ConvolutionalNetwork
from seqnet.nn.networks.kmer_convolution import kmer_convolution_of
from seqnet.nn.profiles import Profile
from seqnet.nn.strands import reverse_complement
from seqnet.nn.trees import Trees

__all__ = ["Classifier", "mean_over_strands"]


class Classifier(nn.Module):
    """The complete model: encoder, network and optional trees.

    Trees are not trained with the network. In evaluation, their logits are averaged with those of the network.

    Args:
        alphabet: alphabet of the tokens.
        classes: K, number of classes.
        encoder: settings of the encoder.
        network: settings of the network.
        window: maximum length of the input; a network that flattens pads every input to this length.

    Attributes:
        width: numbers per symbol in the widest layer.

    Raises:
        SettingError: the settings do not fit the alphabet, the classes or the window.
    """

    mixture: Tensor
    complement: Tensor

    def __init__(
        self, alphabet: Alphabet, classes: int, encoder: EncoderConfig, network: NetworkConfig, window: int
    ) -> None:
        super().__init__()
        if window > LONGEST_WINDOW:
            raise SettingError("network.window", window, f"at most {LONGEST_WINDOW:,} symbols")
        if network.head == "sigmoid" and classes != 2:
            raise SettingError("network.head", "sigmoid", problem=f"must be 'softmax' for {classes} classes")
        if network.strands == "both" and not alphabet.has_strands:
            raise SettingError(
                "network.strands", "both", problem=f"must be 'single': {alphabet.name} has no reverse complement"
            )
        self.window = window
        self.flattens = network.flattens
        self.profile = _make_profile(alphabet, network, window)
        self.trees: Trees | None = None
        self.tree_weight = network.boosted.weight if network.boosted else 0.0
        self.descriptors: Descriptors | None = None
        if self.profile is not None and network.boosted:
            boosted = network.boosted
            if boosted.descriptors != "none":
                self.descriptors = Descriptors(alphabet, boosted.descriptors)
            width = self.profile.width + (self.descriptors.width if self.descriptors else 0)
            self.trees = Trees(width, classes, boosted.rounds, boosted.leaves, boosted.depth)
        self.both_strands = network.strands == "both" or (network.strands == "auto" and alphabet.has_strands)
        complement = alphabet.complement.tolist() if alphabet.has_strands else []
        self.register_buffer("complement", torch.tensor(complement, dtype=torch.uint8), persistent=False)
        self.register_buffer("mixture", torch.tensor(alphabet.mixture), persistent=False)
        self.encoder = make_encoder(alphabet, encoder)
        self.dropout = nn.Dropout1d(network.dropout_input)
        dimensions = Dimensions(self.encoder.channels, window, self.profile.width if self.profile else 0, classes)
        self.network: Network = NETWORKS.load(network.name)(dimensions, network)
        self.words = kmer_convolution_of(self.encoder, self.network, alphabet.size, window)
        dense = -(-max(network.dense, default=0) // window) if self.flattens else 0
        self.width = max(self.encoder.channels, self.network.width, dense) * (2 if self.both_strands else 1)

    @property
    def parameter_count(self) -> int:
        """Number of trained parameters."""
        return sum(parameter.numel() for parameter in self.parameters())

    def forward(self, tokens: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns the logits (B, K) float32 of the given strand.

        Args:
            tokens: (B, L) uint8, padded with 0; for a network that flattens, L must not exceed the window.
            lengths: (B,) int64, at least 1; None if all are L.

        Raises:
            ValueError: the sequences are longer than the window of a network that flattens.
        """
        each = lengths
        if each is None and self.profile is not None:
            each = torch.full((tokens.shape[0],), tokens.shape[1], device=tokens.device)
        if self.flattens:
            if tokens.shape[1] > self.window:
                raise ValueError(f"{tokens.shape[1]} tokens are longer than the window of {self.window}")
            if tokens.shape[1] < self.window:
                tokens = functional.pad(tokens, (0, self.window - tokens.shape[1]))  # (B, window)
            known = self._by_words(tokens)
            if known is not None:
                return known
        features = dropped(self.dropout, self.encoder(tokens))  # (B, C, L)
        profile = None if each is None else self.profiles(tokens, each)
        logits = self.of_features(features, tokens, lengths, profile)
        return logits if each is None else self.with_trees(logits, profile, tokens, each)

    def with_trees(self, logits: Tensor, profile: Tensor | None, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Returns the logits (B, K) of the network; in evaluation, their weighted mean with those of its trees."""
        if self.trees is None or profile is None or self.training:
            return logits
        boosted: Tensor = self.trees(self.tree_features(profile, tokens, lengths))
        both = (1 - self.tree_weight) * logits[:, : boosted.shape[1]].float() + self.tree_weight * boosted
        return torch.cat([both, logits[:, boosted.shape[1] :].float()], dim=1)

    def tree_features(self, profile: Tensor, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Returns what the trees compare with bounds (B, F'): the profiles (B, F), and the descriptors, if any."""
        if self.descriptors is None:
            return profile
        return torch.cat([profile, self.descriptors(tokens, lengths)], dim=1)

    def of_features(self, features: Tensor, tokens: Tensor, lengths: Tensor | None, profile: Tensor | None) -> Tensor:
        """Returns the logits (B, K) of the network, without its trees, from the features (B, C, L) of its encoder."""
        if not self.flattens and lengths is not None:
            features = features * (tokens != 0)[:, None, :]
        logits: Tensor = self.network(features, None if self.flattens else lengths, profile)
        return logits

    def profiles(self, tokens: Tensor, lengths: Tensor) -> Tensor | None:
        """Returns the profiles (B, F), None without them.

        They are float32 at any precision, because trees compare them with bounds.
        """
        if self.profile is None:
            return None
        # The meta device has no autocast.
        with torch.autocast("cpu" if tokens.is_meta else tokens.device.type, enabled=False):
            found: Tensor = self.profile(tokens, lengths)
        return found

    def _by_words(self, tokens: Tensor) -> Tensor | None:
        """Returns the logits (B, K) of a training batch by lookup of the first layers; None if that is not possible."""
        if not self.training or self.words is None or self.dropout.p:
            return None
        features = self.words.features(tokens)  # (B, P, F)
        if features is None:
            return None
        assert isinstance(self.network, ConvolutionalNetwork)
        logits: Tensor = self.network.head(features.flatten(1))
        return logits

    def shift(self, offsets: Tensor) -> None:
        """Adds offsets (K,) permanently to the logits of the network, without its trees."""
        for head in self.network.modules():
            if isinstance(head, Head):
                head.shift(offsets)

    @property
    def output(self) -> nn.Linear:
        """The output layer, whose inputs are the embedding of a sequence."""
        return next(module.output for module in self.network.modules() if isinstance(module, Head))

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return self.mixture.device

    @property
    def turning(self) -> Tensor | None:
        """The complement (T,) of each token if predictions use both strands; otherwise None."""
        return self.complement if self.both_strands else None

    def strand_logits(self, tokens: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns the logits (B, K) float32 for predictions: the mean over both strands, or those of one strand."""
        return mean_over_strands(self.forward, tokens, lengths, self.turning)


def _make_profile(alphabet: Alphabet, network: NetworkConfig, window: int) -> Profile | KmerProfile | None:
    """Returns what the head sees of the whole sequence; None for nothing.

    Raises:
        SettingError: there are too many different k-mers.
    """
    if network.profile:
        return Profile(alphabet, network.profile, window)
    longest = network.longest_kmer
    if not longest:
        return None
    if alphabet.size**longest > WIDEST:
        most = int(math.log(WIDEST, alphabet.size))
        raise SettingError("network.longest", longest, f"at most {most} for {alphabet.name}")
    return KmerProfile(alphabet, longest, window)


def mean_over_strands(
    forward: Callable[[Tensor, Tensor | None], Tensor],
    tokens: Tensor,
    lengths: Tensor | None,
    complement: Tensor | None,
) -> Tensor:
    """Returns the mean logits (B, K) over both strands, in one pass; those of one strand without a complement.

    Args:
        forward: tokens (B, L) and lengths (B,) → logits (B, K).
        tokens: (B, L) uint8, padded with 0.
        lengths: (B,) int64; None if all are L.
        complement: (T,) uint8, complement of each token.
    """
    if complement is None:
        return forward(tokens, lengths)
    other = reverse_complement(tokens, lengths, complement)
    logits = forward(torch.cat([tokens, other]), None if lengths is None else lengths.repeat(2))
    return (logits[: tokens.shape[0]] + logits[tokens.shape[0] :]) / 2
