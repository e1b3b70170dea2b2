"""The slice that the tables name is one of the CT in the scene."""

import json
from copy import deepcopy

import numpy as np

from harness.result_in_scene import add_result
from harness.scene_ct import world_of
from HemorrhageUncertaintyLib.table_node import columnValues
from HemorrhageUncertaintyLib.tables import makeTables


def test_slices_are_those_of_the_ct_also_where_the_engine_got_an_interpolated_copy(tmp_path, bend):
    result = add_result(tmp_path / "files", transform=bend, shape=(24, 64, 64))
    summary = deepcopy(result.summary)
    for row in (*summary["lesions"], *summary["places"]):
        row["nearest_slice"] += 5  # as in a copy that begins lower
    result.record.SetParameter("result", json.dumps(summary))
    makeTables(result)
    heights = np.array([world_of(result.ct, (index, 32, 32))[2] for index in range(24)])
    for table, rows in (("lesionsTable", summary["lesions"]), ("placesTable", summary["places"])):
        for number, row in zip(columnValues(result.node(table), "slice"), rows, strict=True):
            assert number - 1 == int(np.abs(heights - row["centre_ras"][2]).argmin())


def test_slices_of_a_plain_ct_are_the_engines(result):
    for table, rows in (("lesionsTable", result.summary["lesions"]), ("placesTable", result.summary["places"])):
        assert columnValues(result.node(table), "slice") == [row["nearest_slice"] + 1 for row in rows]
