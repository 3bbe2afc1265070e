console.log('said');
