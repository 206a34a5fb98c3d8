"""`python -m flotia.catalogue check [brand …]`: validate catalogue files and list what deserves a second look."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from pydantic import ValidationError

from flotia.catalogue.check import summary, warnings
from flotia.catalogue.schema import Brand

_HERE = Path(__file__).parent / "es" / "marcas"


def main(argv: list[str]) -> int:
    """Check the named files of `es/marcas/` (all of them without a name); return 1 if any is refused."""
    if argv[:1] != ["check"]:
        print("usage: python -m flotia.catalogue check [brand …]", file=sys.stderr)
        return 2
    paths = [_HERE / f"{name}.toml" for name in argv[1:]] or sorted(_HERE.glob("*.toml"))
    total: dict[str, int] = {}
    failed = False
    for path in paths:
        try:
            brand = Brand.model_validate(tomllib.loads(path.read_text("utf-8")))
        except (OSError, tomllib.TOMLDecodeError) as error:
            failed = True
            print(f"{path.name}: ERROR {error}")
            continue
        except ValidationError as error:
            failed = True
            for row in error.errors():
                print(f"{path.name}: ERROR at {'.'.join(map(str, row['loc']))}: {row['msg']}")
            continue
        for line in warnings(brand):
            print(f"{path.name}: warning: {line}")
        counts = summary(brand)
        print(f"{path.name}: ok, " + ", ".join(f"{n} {what}" for what, n in counts.items()))
        for what, n in counts.items():
            total[what] = total.get(what, 0) + n
    print(f"total: {len(paths)} files, " + ", ".join(f"{n} {what}" for what, n in total.items()))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
