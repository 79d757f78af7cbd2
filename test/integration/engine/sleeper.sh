#!/bin/sh
# Stands in for a program that never gets ready.
exec tail -f /dev/null
