"""Pictures of a list of addresses by img2dataset into files, in one process.

    python3 img2dataset_files.py URLS FOLDER THREADS encode|plain

`encode` is how its README runs it (each picture decoded, brought to 256 pixels, written as JPEG); `plain` stores the bytes as they came.
"""

import os
import sys

# Its picture library asks PyPI for news of itself whenever it is loaded.
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

from img2dataset import download  # noqa: E402


def main(urls: str, folder: str, threads: str, how: str) -> None:
    download(
        url_list=urls,
        output_folder=folder,
        processes_count=1,
        thread_count=int(threads),
        image_size=256,
        output_format="files",
        number_sample_per_shard=2500,
        retries=3,
        **({"resize_mode": "no", "disable_all_reencoding": True} if how == "plain" else {}),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
