"""Reading an export's files back, as their columns were written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from gateway.export.columns import SCHEMA


def read_table(path: Path) -> Any:
    """Return a file of points as a table with `SCHEMA`, whichever format it has."""
    if path.suffix == ".parquet":
        return pyarrow.parquet.read_table(path)
    return pa.Table.from_batches(list(read_csv(path)), SCHEMA)


def read_csv(path: Path) -> Iterator[Any]:
    """Yield the parts of a CSV file. Null is an empty cell, an empty text is two quotes."""
    convert = pyarrow.csv.ConvertOptions(
        column_types={field.name: _plain(field.type) for field in SCHEMA},
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
    )
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
    with pyarrow.csv.open_csv(path, parse_options=parse, convert_options=convert) as reader:
        for batch in reader:
            yield pa.RecordBatch.from_arrays(
                [batch.column(name).cast(SCHEMA.field(name).type) for name in SCHEMA.names], schema=SCHEMA
            )


def _plain(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
