"""Print the layer table and the dead files of images: what programs can do with the Python API in twenty lines."""

import sys

import layerscope

if __name__ == "__main__":
    for reference in sys.argv[1:]:
        with layerscope.open(reference) as image:
            print(image.details.reference, image.details.content_size, image.dead_size)
            for layer in image.layers:
                changes = (layer.added, layer.modified, layer.removed)
                print(layer.number, layer.content_size, layer.blob_size, *changes, layer.dead_size, layer.instruction)
            for file in image.dead:
                print(ascii(file.path), file.size, file.writer, file.hidden_by, file.reason)
