"""dlt's REST source over the same pages, extracted to a package on disk; runs in a virtual environment of its own."""

import json
import os
import resource
import tempfile


def main() -> None:
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
    import dlt
    from dlt.sources.rest_api import rest_api_source

    source = rest_api_source(
        {
            "client": {
                "base_url": f"{os.environ['BENCH_URL']}/xero/api.xro/2.0/",
                "headers": {
                    "Authorization": f"Bearer {os.environ['BENCH_TOKEN']}",
                    "xero-tenant-id": os.environ["BENCH_TENANT"],
                    "Accept": "application/json",
                },
                "paginator": {
                    "type": "page_number",
                    "base_page": 1,
                    "page_param": "page",
                    "total_path": None,
                    "stop_after_empty_page": True,
                },
            },
            "resources": [
                {
                    "name": "invoices",
                    "endpoint": {
                        "path": "Invoices",
                        "data_selector": "Invoices",
                        "params": {"where": os.environ["BENCH_WHERE"], "pageSize": int(os.environ["BENCH_PAGE_SIZE"])},
                    },
                }
            ],
        }
    )
    counted = 0

    def count(record):
        nonlocal counted
        counted += 1
        return record

    source.resources["invoices"].add_map(count)
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline("bench", destination="filesystem", dataset_name="bench", pipelines_dir=folder)
        pipeline.extract(source, loader_file_format="parquet")
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"records": counted, "max_rss_bytes": rss}))


if __name__ == "__main__":
    main()
