"""The engine as a process of its own, for a host that must not block and must not import torch.

``python -m hemorrhage.worker`` reads requests on standard input and writes events on standard output, one JSON object a line,
both in UTF-8. Every event carries the ``id`` of its request (null where a line could not be understood). It ends when standard
input ends. Nothing else ever appears on standard output: what libraries print goes to standard error.

Requests (`requests.py` has every field and its default)

- ``hello``: answered by ``hello`` with program and library versions, devices and the list of models, with what their methods do
  and cost (`model_catalogue.py` has every field);
- ``check``: is this volume a head CT? Answered by ``checked`` with ``ok``, ``warning`` or ``unusable``, and sentences;
- ``segment``: ``progress`` and ``preview`` events, at last ``result`` with the folder that was asked for (`result_files.py` lists
  its files);
- ``import_model``: answered by ``imported``;
- ``cancel``: its target, waiting or running, ends with ``cancelled``; a target that has ended already is left alone;
- ``quit``: cancels everything and ends.

Requests are worked off one after the other in the order of arrival; ``cancel`` and ``quit`` act at once. A request that fails
ends with ``error`` (``kind``, ``sentence``, ``detail``), and the process goes on. The model of the latest run stays in memory.

Volumes come as a raw file (`volume_input.py`), so that no voxel passes through JSON. The file and every finished folder belong to
the client, which removes them.
"""

PROTOCOL_VERSION = 1
