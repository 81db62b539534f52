from __future__ import annotations

from typing import Any


class ForgetReport: ...


def forget(*a: Any) -> ForgetReport:
    raise NotImplementedError
