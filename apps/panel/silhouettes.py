"""The outlines of bodies seen from the side, front to the left, on a sheet of 400 × 180 whose ground is at y = 152."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]
GROUND = 152


@dataclass(frozen=True, slots=True)
class Silhouette:
    """A body by the points that tell it from others.

    From front to rear: `nose` (top of the grille), `cowl` (foot of the windscreen), `roof_front`, `roof_rear`, `deck` (foot
    of the rear window) and `tail` (top of the rear end). `bulge` is how far the roof rises between its points. `pillars`
    are the x at which side windows end; `doors` the x of their gaps.
    """

    nose: Point
    cowl: Point
    roof_front: Point
    roof_rear: Point
    deck: Point
    tail: Point
    wheels: tuple[float, float]
    radius: float = 24
    sill: float = 137
    bulge: float = 7
    pillars: tuple[float, ...] = ()
    doors: tuple[float, ...] = ()
    windows_end: float | None = None
    rails: bool = False
    cladding: bool = False
    open_top: bool = False
    bed: bool = False

    @property
    def belt(self) -> float:
        """Where the glass begins; a van's is given by its windscreen."""
        return self.cowl[1] if self.windows_end else min(self.cowl[1], self.deck[1])


SILHOUETTES: dict[str, Silhouette] = {
    "Berlina": Silhouette(
        nose=(16, 106), cowl=(134, 86), roof_front=(190, 53), roof_rear=(252, 54), deck=(322, 82), tail=(382, 88),
        wheels=(84, 310), pillars=(222, 280), doors=(150, 222, 286),
    ),
    "Compacto": Silhouette(
        nose=(34, 106), cowl=(126, 84), roof_front=(180, 50), roof_rear=(288, 54), deck=(346, 86), tail=(358, 98),
        wheels=(94, 304), pillars=(216, 278), doors=(142, 218, 286),
    ),
    "Utilitario": Silhouette(
        nose=(56, 105), cowl=(128, 82), roof_front=(174, 46), roof_rear=(276, 51), deck=(328, 84), tail=(338, 97),
        wheels=(108, 292), radius=23, pillars=(214, 270), doors=(140, 216, 272),
    ),
    "Familiar": Silhouette(
        nose=(16, 106), cowl=(132, 86), roof_front=(188, 53), roof_rear=(318, 54), deck=(372, 84), tail=(384, 98),
        wheels=(84, 310), bulge=5, pillars=(222, 286), doors=(148, 222, 290), rails=True,
    ),
    "SUV": Silhouette(
        nose=(26, 92), cowl=(122, 76), roof_front=(176, 38), roof_rear=(304, 40), deck=(360, 76), tail=(372, 92),
        wheels=(92, 306), radius=28, sill=132, bulge=5, pillars=(216, 282), doors=(138, 218, 286), rails=True, cladding=True,
    ),
    "Monovolumen": Silhouette(
        nose=(28, 106), cowl=(92, 84), roof_front=(174, 38), roof_rear=(318, 40), deck=(364, 80), tail=(374, 98),
        wheels=(88, 308), bulge=6, pillars=(150, 216, 288), doors=(144, 218, 292),
    ),
    "Coupé": Silhouette(
        nose=(16, 110), cowl=(140, 90), roof_front=(198, 60), roof_rear=(244, 60), deck=(346, 86), tail=(384, 92),
        wheels=(84, 310), radius=25, bulge=5, pillars=(254,), doors=(152, 260),
    ),
    "Cabrio": Silhouette(
        nose=(16, 110), cowl=(140, 90), roof_front=(186, 60), roof_rear=(244, 60), deck=(300, 88), tail=(384, 93),
        wheels=(84, 310), radius=25, doors=(152, 252), open_top=True,
    ),
    "Pickup": Silhouette(
        nose=(16, 92), cowl=(104, 76), roof_front=(150, 38), roof_rear=(224, 38), deck=(244, 78), tail=(390, 80),
        wheels=(78, 320), radius=28, sill=132, bulge=3, pillars=(186,), doors=(116, 188, 246), cladding=True, bed=True,
    ),
    "Furgoneta": Silhouette(
        nose=(20, 104), cowl=(70, 80), roof_front=(126, 30), roof_rear=(368, 28), deck=(382, 46), tail=(386, 100),
        wheels=(80, 318), radius=24, bulge=3, doors=(92, 166, 262), windows_end=160,
    ),
}  # fmt: skip
#: What is drawn where a body has no outline of its own.
USUAL = "Compacto"
