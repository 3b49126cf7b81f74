"""The plain-text twin of an email: what a person reads whose program shows no HTML."""

from __future__ import annotations

from textwrap import indent

from markdown_it.tree import SyntaxTreeNode


def plain_text(root: SyntaxTreeNode) -> str:
    """Write a parsed Markdown document as text; a link is followed by its address."""
    return _blocks(root.children, gap="\n\n")


def _blocks(nodes: list[SyntaxTreeNode], *, gap: str) -> str:
    return gap.join(_block(node) for node in nodes)


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "bullet_list":
            return _list(node, ["- "] * len(node.children))
        case "ordered_list":
            first = int(node.attrs.get("start", 1))
            return _list(node, [f"{first + n}. " for n in range(len(node.children))])
        case "blockquote":
            return indent(_blocks(node.children, gap="\n\n"), "> ", lambda _line: True)
        case "hr":
            return "* * *"
        case "fence" | "code_block":
            return indent(node.content.rstrip("\n"), "    ")
        case _:
            return "".join(_inline(child) for child in node.children)


def _list(node: SyntaxTreeNode, bullets: list[str]) -> str:
    return "\n".join(
        bullet + indent(_blocks(item.children, gap="\n"), " " * len(bullet)).lstrip()
        for bullet, item in zip(bullets, node.children, strict=True)
    )


def _inline(node: SyntaxTreeNode) -> str:
    match node.type:
        case "softbreak" | "hardbreak":
            return "\n"
        case "text" | "code_inline" | "image":
            return node.content
        case "link":
            return _link(node)
        case _:
            return "".join(_inline(child) for child in node.children)


def _link(node: SyntaxTreeNode) -> str:
    words = "".join(_inline(child) for child in node.children)
    address = str(node.attrs["href"])
    return address if words == address else f"{words} <{address}>"
