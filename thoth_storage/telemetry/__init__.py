"""What goes on, for those who run it: figures that are always counted, spans and metrics of OpenTelemetry where a
program has set that up, logs as JSON.

``snapshot()`` gives all figures of this process: tries by verb and scheme, their bytes, seconds, errors, retries and
histograms; operations by name. The library never sets up OpenTelemetry or logging: that is the program's business.
"""

from thoth_storage.telemetry.figures import OperationFigures, RequestFigures, Snapshot, meters_of, snapshot
from thoth_storage.telemetry.meters import BOUNDS, VERBS, Meter, Meters
from thoth_storage.telemetry.operations import Operation, operation, request_over
from thoth_storage.telemetry.threads import ThreadPool

__all__ = [
    "BOUNDS",
    "VERBS",
    "Meter",
    "Meters",
    "Operation",
    "OperationFigures",
    "RequestFigures",
    "Snapshot",
    "ThreadPool",
    "meters_of",
    "operation",
    "request_over",
    "snapshot",
]
