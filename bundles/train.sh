#!/bin/sh
# How the models in this folder were made: sh bundles/train.sh DATA [WHERE]
#
# DATA holds leukemia/ and breast/, each with the published images in a folder a class and a manifest.csv that names
# patient, block and near-duplicate group of every file. WHERE (default: bundles) gets bundle, card and learning curve.
# Two cores take about an hour. The same seed on the same machine gives the same weights; a run that was stopped goes on
# when the script is started again. The plans (network, augmentation, epochs) are in mlcore/plans.py.
set -eu
data=$1
where=${2:-bundles}

train() {
    python -m mlcore train --assay "$1" --data "$data/$1" --groups "$data/$1/manifest.csv" --published \
        --name "$2" --model-version "$3" --out "$where/$1.bundle" --seed 7 --resume
}

train leukemia "Leukemia smear reader" 1.1.0
train breast "Breast tissue reader" 1.2.0
