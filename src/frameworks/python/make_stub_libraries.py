"""Makes empty stand-ins for the CUDA libraries that PyTorch's Linux wheels name but do not need on a CPU.

PyPI's PyTorch for Linux is built with CUDA: the dynamic loader refuses its libraries while the files they
name (DT_NEEDED) are missing, 3 GB of packages, although nothing in them is called without a GPU. The
environment therefore leaves those packages out, and this program, run once by the environment's Python after
installing, puts an empty shared object in the place of each. Real libraries that are there stay.

Usage: python make_stub_libraries.py
Prints the names of what it made, one a line. Formats: System V ABI, ELF-64 object files, chapters 4 and 5.
"""

import os
import pathlib
import struct
import sys
import sysconfig

# What NVIDIA's packages hold. libcuda.so.1 belongs to the driver: PyTorch asks for it only where there is one.
STAND_INS = (
    "libcublas.so", "libcublasLt.so", "libcudart.so", "libcudnn.so", "libcufft.so", "libcufile.so",
    "libcupti.so", "libcurand.so", "libcusolver.so", "libcusparse.so", "libcusparseLt.so", "libnccl.so",
    "libnvJitLink.so", "libnvToolsExt.so", "libnvrtc.so", "libnvshmem_host.so")

# Variables that are looked up when a library is loaded, other than functions, which are at their first call.
# Of the pinned PyTorch (src/frameworks/locks): readelf -r, R_X86_64_GLOB_DAT.
# By library: their version and names.
VARIABLES = {"libnvshmem_host.so": ("NVSHMEM", ("nvshmem_selected_device_transport",))}

EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
PHDR = struct.Struct("<IIQQQQQQ")
DYN = struct.Struct("<qQ")
VERDEF = struct.Struct("<HHHHIII")
VERDAUX = struct.Struct("<II")
SYM = struct.Struct("<IBBHQQ")
ET_DYN, READ, WRITE, GLOBAL_OBJECT, SOME_SECTION = 3, 4, 2, 0x11, 1
PT_LOAD, PT_DYNAMIC, PT_GNU_STACK = 1, 2, 0x6474E551
DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT, DT_SONAME = 1, 4, 5, 6, 10, 11, 14
DT_VERSYM, DT_VERDEF, DT_VERDEFNUM = 0x6FFFFFF0, 0x6FFFFFFC, 0x6FFFFFFD
PAGE_BYTES = 0x10000  # the largest page of the machines that Linux runs on


def needed_libraries(path):
    """The DT_NEEDED names of a 64-bit little-endian ELF file, and its machine number; ([], None) for others."""
    with open(path, "rb") as file:
        header = file.read(EHDR.size)
        if len(header) < EHDR.size or header[:6] != b"\x7fELF\x02\x01":
            return [], None
        fields = EHDR.unpack(header)
        machine, table, entry_size, count = fields[2], fields[5], fields[9], fields[10]
        segments = []
        for index in range(count):
            file.seek(table + index * entry_size)
            segments.append(PHDR.unpack(file.read(PHDR.size)))
        entries = []
        for kind, _, offset, _, _, size, _, _ in segments:
            if kind == PT_DYNAMIC:
                file.seek(offset)
                data = file.read(size)
                entries = list(DYN.iter_unpack(data[:len(data) // DYN.size * DYN.size]))
        tags = dict(entries)
        if DT_STRTAB not in tags or DT_STRSZ not in tags:
            return [], machine
        address = tags[DT_STRTAB]
        for kind, _, offset, start, _, size, _, _ in segments:
            if kind == PT_LOAD and start <= address < start + size:
                file.seek(offset + address - start)
                strings = file.read(tags[DT_STRSZ])
                return [strings[value:strings.index(b"\0", value)].decode()
                        for tag, value in entries if tag == DT_NEEDED], machine
    return [], machine


def elf_hash(name):
    value = 0
    for byte in name.encode():
        value = (value << 4) + byte
        value = (value ^ (value & 0xF0000000) >> 24) & 0x0FFFFFFF
    return value


def versions(soname, version, names):
    """The table of defined versions (Linux Standard Base, symbol versioning): the file's own, and `version`."""
    table = b""
    for index, (name, flags, following) in enumerate(((soname, 1, 28), (version, 0, 0))):
        table += VERDEF.pack(1, flags, index + 1, 1, elf_hash(name), VERDEF.size, following)
        table += VERDAUX.pack(names.index(b"\0" + name.encode() + b"\0") + 1, 0)
    return table


def empty_library(soname, machine, version="", variables=()):
    """A shared object whose only symbols are `variables`, of the version, each 64 bytes of zeros. One writable
    segment holds all, since the loader may change the dynamic table."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name in (soname, version, *variables) if name)
    count = 1 + len(variables)
    tables = bytearray(EHDR.size + 3 * PHDR.size)
    tags = [(DT_SONAME, 1), (DT_STRSZ, len(names)), (DT_SYMENT, SYM.size)]

    def place(tag, content, alignment=8):
        tables.extend(bytes(-len(tables) % alignment))
        if tag is not None:
            tags.append((tag, len(tables)))
        tables.extend(content)
        return len(tables) - len(content)

    place(DT_STRTAB, names)
    # One bucket that begins at the last symbol; each symbol leads to the one before it, 0 ends.
    place(DT_HASH, struct.pack(f"<III{count}I", 1, count, count - 1, 0, *range(count - 1)))
    variables_at = place(None, bytes(64 * len(variables)), 64)
    symbols = SYM.pack(0, 0, 0, 0, 0, 0)
    for index, name in enumerate(variables):
        symbols += SYM.pack(names.index(b"\0" + name.encode() + b"\0") + 1, GLOBAL_OBJECT, 0, SOME_SECTION,
                            variables_at + 64 * index, 64)
    place(DT_SYMTAB, symbols)
    if version:
        place(DT_VERSYM, struct.pack(f"<{count}H", 0, *([2] * len(variables))))
        place(DT_VERDEF, versions(soname, version, names))
        tags.append((DT_VERDEFNUM, 2))
    dynamic = b"".join(DYN.pack(tag, value) for tag, value in tags + [(0, 0)])
    dynamic_at = place(None, dynamic, 16)
    size = len(tables)
    tables[:EHDR.size] = EHDR.pack(b"\x7fELF\x02\x01\x01" + bytes(9), ET_DYN, machine, 1, 0, EHDR.size, 0, 0,
                                   EHDR.size, PHDR.size, 3, 0, 0, 0)
    segments = PHDR.pack(PT_LOAD, READ | WRITE, 0, 0, 0, size, size, PAGE_BYTES)
    segments += PHDR.pack(PT_DYNAMIC, READ | WRITE, dynamic_at, dynamic_at, dynamic_at, len(dynamic),
                          len(dynamic), 8)
    segments += PHDR.pack(PT_GNU_STACK, READ | WRITE, 0, 0, 0, 0, 0, 16)
    tables[EHDR.size:EHDR.size + len(segments)] = segments
    return bytes(tables)


def main():
    site = pathlib.Path(sysconfig.get_paths()["platlib"])
    libraries = site / "torch" / "lib"
    present = {path.name for path in site.glob("nvidia/*/lib/*.so*")}
    wanted, machine = set(), None
    for path in sorted(libraries.glob("*.so*")):
        names, found = needed_libraries(path)
        machine = machine or found
        wanted.update(names)
    missing = sorted(name for name in wanted - present
                     if any(name.startswith(known + ".") or name == known for known in STAND_INS))
    for name in missing:
        # torch/lib is on the search path of PyTorch's libraries ($ORIGIN).
        path = libraries / name
        unfinished = path.with_name(path.name + ".part")
        unfinished.write_bytes(empty_library(name, machine, *VARIABLES.get(name.split(".so")[0] + ".so", ())))
        os.replace(unfinished, path)
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
