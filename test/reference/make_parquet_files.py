"""Writes Parquet files as the Hugging Face hub has them, with pyarrow, for the tests of src/data.

    python3 -m pip install pyarrow pillow && python3 test/reference/make_parquet_files.py

Images are 2 x 1 pixels: red i * 10, and black. The files differ in compression, page version and the form of their columns.
"""
import io
import json
import pathlib
import struct
import zlib

import pyarrow as pa
import pyarrow.parquet as pq

folder = pathlib.Path(__file__).resolve().parent / "testdata" / "parquet"
folder.mkdir(parents=True, exist_ok=True)


def png(red):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0)
    pixels = bytes([0, red, 0, 0, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def hub(names, image="image", label="label", **more):
    features = {image: {"_type": "Image"}, label: {"names": names, "_type": "ClassLabel"}, **more}
    return {"huggingface": json.dumps({"info": {"features": features}})}


struct_type = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def write(name, first, count, metadata, image="image", label="label", label_type=pa.int64(), plain=False, **options):
    rows = range(first, first + count)
    images = [png(i * 10) if plain else {"bytes": png(i * 10), "path": f"{i}.png"} for i in rows]
    labels = [i % 3 for i in rows]
    schema = pa.schema([(image, pa.binary() if plain else struct_type), (label, label_type)], metadata=metadata)
    table = pa.table({image: images, label: labels}, schema=schema)
    pq.write_table(table, folder / name, **options)


cats = ["cat", "dog", "eel"]
write("train-00000-of-00002.parquet", 0, 5, hub(cats), row_group_size=2)
write("train-00001-of-00002.parquet", 5, 4, hub(cats), row_group_size=3)
write("test.parquet", 9, 3, hub(cats))
for codec in ("none", "gzip", "zstd", "lz4"):
    write(f"{codec}.parquet", 0, 4, hub(cats), compression=codec)
write("second.parquet", 0, 4, hub(cats), data_page_version="2.0", compression="zstd")
write("nodict.parquet", 0, 4, hub(cats), use_dictionary=False, label_type=pa.int32())
write("plain.parquet", 0, 4, None, image="img", plain=True, data_page_version="2.0")
write("delta.parquet", 0, 4, hub(cats), use_dictionary=False, column_encoding={"label": "DELTA_BINARY_PACKED"})

many = pa.table(
    {"image": pa.array([{"bytes": png(i % 26 * 10), "path": None} for i in range(300)], struct_type), "label": [i // 100 for i in range(300)]}
).replace_schema_metadata(hub(cats))
pq.write_table(many, folder / "many.parquet", data_page_size=64, row_group_size=150)

# Things that are refused, or that need an option.
rows = [{"bytes": png(10), "path": "a.png"}, {"bytes": None, "path": "b.png"}, {"bytes": b"no image", "path": "c.png"}, None]
pq.write_table(pa.table({"image": pa.array(rows, struct_type), "label": [0, 1, 2, 0]}).replace_schema_metadata(hub(cats)), folder / "holes.parquet")
two = {"img": [{"bytes": png(10), "path": "a.png"}], "fine": [7], "coarse": [1], "text": ["x"]}
meta = hub(["a"] * 20, "img", "fine", coarse={"names": ["x", "y"], "_type": "ClassLabel"})
pq.write_table(pa.table(two).replace_schema_metadata(meta), folder / "two-labels.parquet")
one = [{"bytes": png(10), "path": None}]
pq.write_table(pa.table({"image": one, "label": [-1]}).replace_schema_metadata(hub(cats)), folder / "unlabelled.parquet")
pq.write_table(pa.table({"image": one, "label": [[1]]}).replace_schema_metadata(hub(cats)), folder / "lists.parquet")
pq.write_table(pa.table({"image": one, "label": [5]}).replace_schema_metadata(hub(cats)), folder / "beyond.parquet")
