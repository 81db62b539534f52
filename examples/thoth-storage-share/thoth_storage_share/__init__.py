"""Network shares that are mounted below ``/mnt``: ``share://nas/chroma`` is ``/mnt/nas/chroma``, wherever that is."""

from thoth_storage import Capabilities, FsspecBackend, hookimpl


class ShareBackend(FsspecBackend):
    protocol = "dir"  # fsspec's file system for "a folder of another file system"
    file_like = True  # files in folders, not objects: the base class writes beside and renames
    capabilities = Capabilities()  # fsspec looks and then writes: two creators could both win, so no atomic_create

    def options(self):
        return {"path": "/mnt", "target_protocol": "file", **super().options()}

    def check_container(self):
        self.fs.info(self.location.split("/")[0])  # a share that is not there is an error, not an empty store


@hookimpl
def thoth_storage_backends():
    return {"share": ShareBackend}
