"""Rows of earlier answers: kept as they stand, put on other cars of the same version when a run asks for them."""

from flotia.cache.answers import AnswerCache, CachedRow, MemoryCache, NoCache, Place, Want
from flotia.cache.filling import Chunk, Filler
from flotia.cache.keeping import Keeper
from flotia.cache.slots import SlotSet

__all__ = [
    "AnswerCache", "CachedRow", "Chunk", "Filler", "Keeper", "MemoryCache", "NoCache", "Place", "SlotSet", "Want",
]  # fmt: skip
