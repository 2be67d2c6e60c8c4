"""The reading half of gpu-report.sh: gpu_report.py BUILD_FOLDER. Columns of the table:

regs, shared, spills, stack   as ptxas reported them; shared memory is the static part, in bytes
warps                         resident on a multiprocessor (64 at most) by registers and __launch_bounds__; the shared
                              memory that a kernel takes at its launch is not counted, its comment says how much it is
loop                          instructions of the hot loop: of the loops without another one with fused multiply-adds
                              within, that which does the most of them if every loop runs ten times
FMA                           FFMA, FFMA2 and DFMA among them
LDS.128, LDG.128, all         16-byte loads from shared memory in the hot loop; 16-byte loads and asynchronous copies
                              from global memory there, and in the whole kernel
local                         instructions on local memory in the whole kernel

Kernels that Thrust brings are counted, not judged.
"""
import collections
import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys

ARCHITECTURES = "sm_80", "sm_90", "sm_100"
PARTS, PART_REGISTERS, WARPS, BLOCKS = 4, 16384, 64, 32  # of a multiprocessor; the same on all three

Instruction = collections.namedtuple("Instruction", "address guarded opcode operands")


@dataclasses.dataclass
class Kernel:
    mangled: str
    arch: str
    name: str = ""
    registers: int = 0
    shared: int = 0
    spills: int = 0
    stack: int = 0
    threads: int = 0  # 0: not known
    code: list = dataclasses.field(default_factory=list)  # of Instruction


def read_ptxas(text):
    kernels = []
    for line in text.splitlines():
        if found := re.search(r"Compiling entry function '(\S+)' for '(\S+)'", line):
            kernels.append(Kernel(*found.groups()))
        elif found := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
            stack, stores, loads = map(int, found.groups())  # of the kernel, and of functions that it calls
            kernels[-1].stack += stack
            kernels[-1].spills += stores + loads
        elif found := re.search(r"Used (\d+) registers", line):
            kernels[-1].registers = int(found[1])
            smem = re.search(r"(\d+) bytes smem", line)
            kernels[-1].shared = int(smem[1]) if smem else 0
    return kernels


def demangle(kernels):
    names = subprocess.run(["c++filt", "-p"], input="\n".join(k.mangled for k in kernels), text=True, check=True,
                           capture_output=True).stdout.splitlines()
    for kernel, name in zip(kernels, names):
        kernel.name = re.sub(r"^void |seesaw::cuda::|\(anonymous namespace\)::", "", name)


def dump(object_file, what):
    """The lines of cuobjdump, each with the architecture it belongs to."""
    text = subprocess.run(["cuobjdump", what, object_file], check=True, capture_output=True, text=True).stdout
    arch = ""
    for line in text.splitlines():
        if line.startswith("arch = "):
            arch = line.split()[-1]
        yield arch, line


def read_object(object_file, kernels):
    known = {(k.mangled, k.arch): k for k in kernels}
    kernel = None
    for arch, line in dump(object_file, "-sass"):
        if "Function : " in line:
            kernel = known.get((line.split()[-1], arch))
        elif kernel and ";" in line and (found := re.match(r"\s+/\*(\w{4,})\*/\s+(@\S+)?\s*([A-Z]\S*)([^;]*);", line)):
            kernel.code.append(Instruction(int(found[1], 16), bool(found[2]), found[3], found[4]))
    attribute = ""
    for arch, line in dump(object_file, "-elf"):
        if line.startswith(".nv.info."):
            kernel = known.get((line.removeprefix(".nv.info."), arch))
        elif "Attribute:" in line:
            attribute = line.split()[-1]
        elif kernel and attribute == "EIATTR_MAX_THREADS" and (found := re.match(r"\s+Value:((\s+0x\w+){3})", line)):
            x, y, z = (int(n, 16) for n in found[1].split())
            kernel.threads = x * y * z


def resident_warps(kernel):
    """A warp takes registers in units of 256, from one of the multiprocessor's parts."""
    per_warp = -(-kernel.registers * 32 // 256) * 256
    warps = min(WARPS, PARTS * (PART_REGISTERS // per_warp))
    per_block = -(-kernel.threads // 32)
    return min(BLOCKS, warps // per_block) * per_block


def branch_target(instruction):
    """Calls are in: that is how sm_80 leaves some loops."""
    found = re.search(r"0x([0-9a-f]+)\s*$", instruction.operands)
    return int(found[1], 16) if found and instruction.opcode.split(".")[0] in ("BRA", "CALL") else None


def ends(instruction):
    """Whether the next instruction is never reached from this one."""
    alone = not instruction.guarded and re.fullmatch(r"(\s*0x[0-9a-f]+)?\s*", instruction.operands)
    kind = instruction.opcode.split(".")[0]
    return (kind in ("BRA", "EXIT") and alone) or (kind == "RET" and not instruction.guarded)


def natural_loops(code):
    """The blocks and the instructions of each loop. A branch closes one where its target is on every way to it."""
    starts = {0} | {branch_target(i) for i in code} - {None}
    starts |= {after.address for i, after in zip(code, code[1:]) if ends(i) or branch_target(i) is not None}
    blocks = {}
    for i in code:
        if i.address in starts:
            first = i.address
        blocks.setdefault(first, []).append(i)
    before = collections.defaultdict(set)
    for first, following in zip(blocks, [*list(blocks)[1:], None]):
        last = blocks[first][-1]
        if following is not None and not ends(last):
            before[following].add(first)
        if branch_target(last) is not None:
            before[branch_target(last)].add(first)
    loops = collections.defaultdict(set)  # by their first block
    for head in blocks:
        for end in before[head]:
            if end < head:
                continue
            body, ahead = {head}, [end]
            while ahead:
                block = ahead.pop()
                if block not in body:
                    body.add(block)
                    ahead += before[block]
            if head == 0 or 0 not in body:
                loops[head] |= body
    return [(body, [i for first in sorted(body) for i in blocks[first]]) for body in loops.values()]


def is_fma(instruction):
    return re.match(r"[FD]FMA", instruction.opcode) is not None


def hot_loop(code):
    loops = natural_loops(code)
    with_fma = [body for body, loop in loops if any(map(is_fma, loop))]
    best, most = [], 0
    for body, loop in loops:
        times = 10 ** sum(body <= other for other, _ in loops)
        if not any(other < body for other in with_fma) and times * sum(map(is_fma, loop)) > most:
            best, most = loop, times * sum(map(is_fma, loop))
    return best


def count(code, pattern):
    return sum(re.match(pattern, i.opcode) is not None for i in code)


GLOBAL = r"(LDG|LDGSTS)\..*\b128\b"
LOCAL = r"(LDL|STL)\b"


def row(kernel):
    words = [kernel.name, kernel.arch, kernel.registers, kernel.shared, kernel.spills, kernel.stack]
    words.append(resident_warps(kernel) if kernel.threads else "-")
    if not kernel.code:
        return words + ["-"] * 6
    loop = hot_loop(kernel.code)
    fma = sum(map(is_fma, loop))
    share = f"{100 * fma / len(loop):.0f} %" if loop else "-"
    return words + [len(loop) or "-", share, count(loop, r"LDS\..*\b128\b"), count(loop, GLOBAL),
                    count(kernel.code, GLOBAL), count(kernel.code, LOCAL)]


def print_table(rows):
    head = "kernel arch regs shared spills stack warps loop FMA LDS.128 LDG.128 all local"
    rows = [head.split()] + [[str(word) for word in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for words in rows:
        print("  ".join(w.ljust(n) if c < 2 else w.rjust(n) for c, (w, n) in enumerate(zip(words, widths))).rstrip())


def main(build):
    listed = pathlib.Path("kernels/cuda/sources.cmake").read_text()
    have_sass = bool(shutil.which("cuobjdump") and shutil.which("nvdisasm"))
    ours, thrusts, wrong = [], 0, []
    for source in re.findall(r"kernels/cuda/\w+\.cu", listed):
        log = next(pathlib.Path(build).rglob(f"{source}.o.ptxas"), None)
        if log is None:
            sys.exit(f"gpu-report: {source} has no ptxas report under {build}; build the preset 'cuda'")
        here = read_ptxas(log.read_text())
        demangle(here)
        library = [k for k in here if re.search(r"(cub|thrust)::", k.name)]
        here = [k for k in here if k not in library]
        if have_sass and here:
            read_object(log.with_suffix(""), here)
        ours += here
        thrusts += len(library)
    ours.sort(key=lambda k: re.sub(r"\d+", lambda n: n[0].zfill(4), f"{k.name} {k.arch}"))
    print_table(row(k) for k in ours)

    for arch in ARCHITECTURES:
        if not any(k.arch == arch for k in ours):
            wrong.append(f"nothing for {arch}")
    for k in ours:
        if k.spills or k.stack or count(k.code, LOCAL):
            wrong.append(f"{k.name} on {k.arch} spills, has a stack frame or touches local memory")
        if have_sass and not k.code:
            wrong.append(f"{k.name} on {k.arch} is not in the object that ptxas reported it for")
    print(f"{len(ours)} kernels x architectures, {len(wrong)} faults; {thrusts} of Thrust's")
    if not have_sass:
        print("not done: the kernels' instructions and resident warps were not looked at, for want of cuobjdump and "
              "nvdisasm")
    for fault in wrong:
        print(f"gpu-report: {fault}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
