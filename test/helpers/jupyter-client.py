# A front end of Jupyter for tests: takes a request a line on standard input, as JSON, and answers with one.
import json
import os
import sys

from jupyter_client import KernelManager
from jupyter_core.paths import jupyter_runtime_dir


class FrontEnd:
    def __init__(self, name, cwd, transport):
        if transport == "ipc":
            # As the programs of Jupyter make it.
            os.makedirs(jupyter_runtime_dir(), mode=0o700, exist_ok=True)
            file = os.path.join(jupyter_runtime_dir(), "kernel-of-a-test.json")
            self.manager = KernelManager(kernel_name=name, transport=transport, connection_file=file)
        else:
            self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel(cwd=cwd)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code, answers=None, interruptWhen=None, silent=False, stop=True):
        outputs = []

        def hook(message):
            kind, content = message["msg_type"], message["content"]
            if kind in ("status", "execute_input"):
                return
            outputs.append({"type": kind, **content})
            if interruptWhen is not None and interruptWhen in json.dumps(content):
                self.manager.interrupt_kernel()

        def ask(message):
            outputs.append({"type": "input_request", **message["content"]})
            self.client.input(answers.pop(0))

        reply = self.client.execute_interactive(
            code,
            silent=silent,
            allow_stdin=answers is not None,
            stdin_hook=ask if answers is not None else None,
            output_hook=hook,
            stop_on_error=stop,
            timeout=90,
        )
        return {"reply": reply["content"], "outputs": outputs}

    def many(self, cells):
        ids = [self.client.execute(code) for code in cells]
        replies = {}
        while len(replies) < len(ids):
            message = self.client.get_shell_msg(timeout=60)
            replies[message["parent_header"]["msg_id"]] = message["content"]
        return [replies[one] for one in ids]

    # Waits for an update of an output outside of a cell.
    def update(self, text):
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["msg_type"] == "update_display_data" and text in json.dumps(message["content"], ensure_ascii=False):
                return message["content"]

    def ask(self, method, *args, **options):
        getattr(self.client, method)(*args, **options)
        return self.client.get_shell_msg(timeout=60)["content"]

    def history(self, **options):
        self.client.history(**options)
        return self.client.get_shell_msg(timeout=60)["content"]

    def restart(self):
        self.manager.restart_kernel(now=False)
        self.client.wait_for_ready(timeout=60)
        return True

    def shutdown(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)
        return self.manager.is_alive()


front = FrontEnd(*sys.argv[1:4])
print(json.dumps({"ok": front.manager.provisioner.process.pid}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"ok": getattr(front, request["do"])(*request.get("args", []), **request.get("options", {}))}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
